import "./browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { initialState } from "../../src/embedding_explorer/web/ui/state/initial.js";
import { Store } from "../../src/embedding_explorer/web/ui/state/store.js";
import { abortWork, cancelWait, chooseArchive, dismissWork, startUpload } from "../../src/embedding_explorer/web/ui/state/work.js";

/** Questions whether the server is free that wait for their answer, and uploads that have begun. */
let asked = [];
let uploads = [];

globalThis.fetch = () => new Promise((answer, refuse) => asked.push({ answer, refuse }));
globalThis.XMLHttpRequest = class {
  constructor() {
    uploads.push(this);
    this.upload = {};
    this.open = this.setRequestHeader = () => {};
  }

  send(form) {
    this.file = form.get("file").name;
  }

  abort() {
    this.aborted = true;
    this.onabort();
  }
};

beforeEach(() => ([asked, uploads] = [[], []]));

const idle = () => new Promise((done) => setTimeout(done, 2));
const file = (name) => new File(["no archive"], name, { type: "application/x-tar" });

/** The server says whether it is free to the one who asked so many questions ago. */
async function answer(busy = false, number = asked.length - 1) {
  const headers = new Headers();
  const body = busy ? { error: "Server is busy", busy: true, job: { kind: "dataset" } } : {};
  asked[number].answer({ ok: !busy, status: busy ? 503 : 200, headers, json: async () => body, text: async () => JSON.stringify(body) });
  await idle();
}

async function chosen() {
  const app = { store: new Store(initialState()), toasts: { show: () => {} } };
  await chooseArchive(app, file("cats.tar"));
  return app;
}

const phase = (app) => app.store.state.work.phase;

test("a double click sends the archive once, and that one can be aborted", async () => {
  const app = await chosen();
  startUpload(app);
  startUpload(app);
  for (const number of asked.keys()) await answer(false, number);
  assert.deepEqual(uploads.map((each) => each.file), ["cats.tar"]);
  abortWork(app);
  await idle();
  assert.deepEqual([uploads[0].aborted, phase(app)], [true, "chosen"]);
});

test("who waits no longer is not taken to be waiting, nor does anything begin", async () => {
  for (const busy of [true, false]) {
    const app = await chosen();
    startUpload(app);
    await answer(true);
    assert.equal(phase(app), "waiting");
    startUpload(app); // as it does by itself every other second
    cancelWait(app);
    await answer(busy);
    assert.deepEqual([phase(app), uploads.length], ["chosen", 0]);
  }
});

test("what was put away while the server was asked stays away", async () => {
  const app = await chosen();
  startUpload(app);
  dismissWork(app);
  asked[0].refuse(new TypeError("failed to fetch"));
  await idle();
  assert.equal(phase(app), "idle");
});

test("another archive that is chosen meanwhile does not begin by itself", async () => {
  const app = await chosen();
  startUpload(app);
  await chooseArchive(app, file("dogs.tar"));
  await answer();
  assert.deepEqual([phase(app), app.store.state.work.file.name, uploads.length], ["chosen", "dogs.tar", 0]);
});

test("an archive that is refused because another is under way does not stop that one", async () => {
  const app = await chosen();
  startUpload(app);
  await answer(true);
  startUpload(app);
  await chooseArchive(app, file("dogs.tar"));
  await answer();
  assert.deepEqual([phase(app), uploads.map((each) => each.file)], ["uploading", ["cats.tar"]]);
});
