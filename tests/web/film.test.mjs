import "./browser.mjs";
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { initialState } from "../../src/embedding_explorer/web/ui/state/initial.js";
import { Film, STEP } from "../../src/embedding_explorer/web/ui/state/series.js";
import { Store } from "../../src/embedding_explorer/web/ui/state/store.js";
import { cloud } from "./samples.mjs";

const IMAGES = 4, EPOCHS = 4;
const BOX = [[0, 0, 0], [1, 1, 1]];

/** Time that goes by only when the test says so, and addresses that do not answer. */
let now = 0;
let frames = [];
let broken = new Set();
globalThis.window = globalThis;
globalThis.location = { search: "?camera=x" };
globalThis.document = { title: "" };
globalThis.requestAnimationFrame = (call) => frames.push({ id: frames.length + 1, call }) && frames.length;
globalThis.cancelAnimationFrame = () => (frames = []);
globalThis.fetch = async (url) => {
  if (broken.has(url)) throw new TypeError("failed to fetch");
  return { ok: true, json: async () => manifest(url.split("/").at(-1)) };
};
mock.method(performance, "now", () => now);
beforeEach(() => ([now, frames, broken] = [0, [], new Set()]));

const idle = () => new Promise((done) => setTimeout(done, 5));
const manifest = (id) => ({ id, name: id, total: IMAGES, columns: [], reductions: { umap: { url: `/positions/${id}`, box: BOX } } });
const data = (id) => ({ manifest: manifest(id), total: IMAGES, positions: async () => cloud(IMAGES) });

async function frame(milliseconds = 100) {
  now += milliseconds;
  for (const { call } of frames.splice(0)) call(now);
  await idle();
}

/** A film at its first epoch; the maps given have come already. */
async function filmOf(loaded = EPOCHS) {
  const told = [];
  const maps = Array.from({ length: EPOCHS }, (_, n) => ({ dataset: `m${n}`, epoch: n + 1 }));
  const view = { setReduction: async () => {}, setMorph: () => {}, flyTo: () => {}, morph: 0 };
  const store = new Store({ ...initialState(), data: data("m0"), reducer: "umap", phase: "ready" });
  const app = { store, view, options: { reducedMotion: false }, toasts: { show: (text) => told.push(text) }, announce: () => {} };
  const film = new Film(app, { model: "x", name: "x", maps }, 0);
  for (let n = 1; n < loaded; n += 1) film.maps.set(String(n), Promise.resolve(data(`m${n}`)));
  return { app, film, told };
}

/** Whether a promise is settled by now. */
async function settled(promise) {
  let over = false;
  promise.then(() => (over = true));
  await idle();
  return over;
}

test("a map that could not be fetched once is asked for again", async () => {
  const { film } = await filmOf(1);
  broken.add("/maps/m2");
  await assert.rejects(film.map(2), /cannot be reached/);
  await assert.rejects(film.box("umap"));
  broken.clear();
  assert.equal((await film.map(2)).id, "m2");
  assert.equal((await film.box("umap")).length, 6);
  assert.equal(await film.map(2), await film.map(2));
});

test("a glide ends when something else is asked for", async () => {
  const { film } = await filmOf();
  await film.begin();
  for (const other of [() => film.glide(2), () => film.pause(), () => film.end()]) {
    const gliding = film.glide(1);
    await frame();
    assert.equal(await settled(gliding), false);
    other();
    assert.equal(await settled(gliding), true);
  }
  assert.equal(frames.length, 0);
});

test("a film plays to its end", async () => {
  const { app, film } = await filmOf();
  await film.begin();
  const playing = film.play();
  await idle();
  for (let n = 0; n < EPOCHS - 1; n += 1) await frame(STEP);
  assert.deepEqual([await settled(playing), film.moment, app.store.state.playing], [true, EPOCHS - 1, false]);
  film.end();
});

test("a film that is paused ends, and what was asked for instead goes on", async () => {
  const { app, film } = await filmOf();
  await film.begin();
  const playing = film.play();
  await idle();
  await frame();
  film.pause();
  const gliding = film.glide(3);
  assert.deepEqual([await settled(playing), await settled(gliding), app.store.state.playing], [true, false, false]);
  await frame(STEP);
  assert.deepEqual([await settled(gliding), film.moment], [true, 3]);
  film.end();
});

test("a film that is paused and played again while a map is on its way plays once", async () => {
  const { app, film } = await filmOf();
  await film.begin();
  let arrive = () => {};
  film.places.set("1 umap", new Promise((done) => (arrive = () => done(cloud(IMAGES)))));
  const first = film.play();
  await idle();
  film.pause();
  film.play();
  arrive();
  assert.equal(await settled(first), true);
  assert.deepEqual([frames.length, app.store.state.playing], [1, true]);
  film.end();
});

test("a film that cannot go on stops and says so once", async () => {
  const { app, film, told } = await filmOf();
  await film.begin();
  const refused = Promise.reject(new Error("gone"));
  refused.catch(() => {});
  film.places.set("1 umap", refused);
  await film.play();
  assert.deepEqual([app.store.state.playing, told.length], [false, 1]);
  film.end();
});
