import "./browser.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../../src/embedding_explorer/web/ui/state/initial.js";
import { Store } from "../../src/embedding_explorer/web/ui/state/store.js";
import { Twin } from "../../src/embedding_explorer/web/ui/state/twin.js";

/** A view that only keeps what it was told; its dataset is shown when the test says so. */
class View extends EventTarget {
  log = [];
  listeners = 0;
  camera = "home";

  constructor() {
    super();
    for (const name of ["setMode", "setTool", "setTint", "setReduction", "follow", "flyTo"]) this[name] = (what) => this.log.push(`${name} ${what}`);
  }

  show(_data, reducer) {
    this.log.push(`show ${reducer}`);
    return new Promise((arrive) => (this.arrive = arrive));
  }

  addEventListener(...how) {
    this.listeners += 1;
    super.addEventListener(...how);
  }

  removeEventListener(...how) {
    this.listeners -= 1;
    super.removeEventListener(...how);
  }

  destroy() {
    this.log.push("destroy");
  }
}

function beside() {
  const compare = { linked: false, matches: new Uint32Array(0), back: new Uint32Array(0), data: { reducerOr: (wish) => wish } };
  const store = new Store({ ...initialState(), reducer: "pca", compare });
  const app = { store, view: new View(), toasts: { show: () => {} } };
  const twin = new Twin(app, new View(), compare);
  return { app, twin, listening: () => [app.view.listeners, twin.view.listeners, store.listeners.size] };
}

test("the other map follows the first one until it is put away", async () => {
  const { twin, listening } = beside();
  const showing = twin.show(null);
  twin.view.arrive();
  await showing;
  assert.ok(twin.shown && listening().every((count) => count > 0));
  twin.destroy();
  assert.deepEqual([twin.shown, listening()], [false, [0, 0, 0]]);
});

test("another map that is put away before it arrives is left alone, and listens to nothing", async () => {
  const { twin, listening } = beside();
  const showing = twin.show("3d,0,0,0,3,0,0");
  twin.destroy();
  twin.view.arrive();
  await showing;
  assert.deepEqual(twin.view.log, ["show pca", "destroy"]);
  assert.deepEqual([twin.shown, listening()], [false, [0, 0, 0]]);
});

test("what was chosen while the other map was on its way counts for it", async () => {
  const { app, twin } = beside();
  const showing = twin.show(null);
  app.store.set({ reducer: "umap", mode: "2d", tool: "lasso" });
  app.store.flush();
  twin.view.arrive();
  await showing;
  for (const told of ["setMode 2d", "setTool lasso", "setReduction umap"]) assert.ok(twin.view.log.includes(told), told);
  twin.destroy();
});
