import assert from "node:assert/strict";
import { test } from "node:test";
import { PointSet } from "../../src/embedding_explorer/web/draw/point_set.js";
import { Uploads } from "../../src/embedding_explorer/web/view/uploads.js";
import { cloud } from "./samples.mjs";

/** A place to draw pictures on, as far as reading sprites needs it. */
globalThis.OffscreenCanvas = class {
  getContext() {
    return { canvas: this, drawImage: () => {}, getImageData: (_x, _y, w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }) };
  }
};

function stage({ slots = 300, n = 1000, layer = 0 } = {}) {
  const [details, overviews, closed] = [[], [], []];
  const renderer = { slots, putDetail: (slot, _pixels, start, stride) => details.push({ slot, start, stride }), putOverview: (_set, range) => overviews.push(range) };
  const uploads = new Uploads(renderer, () => {});
  const set = new PointSet(cloud(n), { layer });
  set.ready = new Uint8Array(20);
  const bitmap = (name, width = 500, height = 1300) => ({ width, height, close: () => closed.push(name) });
  const sprite = (rows) => uploads.addSprite(set, { rows, bitmap: bitmap(`sprite ${rows[0]}`), pitch: 50, picture: 48, columns: 10 });
  return { renderer, uploads, set, details, overviews, closed, bitmap, sprite };
}

const upTo = (n, from = 0) => Array.from({ length: n }, (_, i) => from + i);

test("overviews are handed over two a frame and closed, and their ranges are ready", () => {
  const { uploads, set, overviews, closed, bitmap } = stage();
  for (const range of [3, 1, 4]) uploads.addOverview(set, range, bitmap(range));
  assert.equal(uploads.step(), true);
  assert.deepEqual([overviews, closed, uploads.busy], [[3, 1], [3, 1], true]);
  uploads.step();
  assert.deepEqual([overviews, uploads.busy, uploads.step()], [[3, 1, 4], false, false]);
  assert.deepEqual([...set.ready.keys()].filter((range) => set.ready[range]), [1, 3, 4]);
});

test("after some frames of waiting as much is handed over as in all of them", () => {
  const { uploads, set, overviews, bitmap } = stage();
  for (const range of upTo(12)) uploads.addOverview(set, range, bitmap(range));
  uploads.step(4);
  assert.equal(overviews.length, 8);
});

test("each picture of a sprite has a slot, and its pixels begin inside its border", () => {
  const { uploads, set, details, sprite } = stage();
  sprite([7, 500, 3]);
  uploads.step();
  assert.deepEqual(details.map(({ start }) => start), [501, 551, 601]);
  assert.deepEqual([7, 500, 3].map((row) => set.slots[set.places[row]] - 1), details.map(({ slot }) => slot));
  assert.equal(set.slots.filter((slot) => slot > 0).length, 3);
  assert.ok(uploads.use(set, set.places[7]) && !uploads.use(set, set.places[8]));
});

test("a large sprite takes several frames; what waits is not asked for again", () => {
  const { uploads, set, details, sprite } = stage();
  sprite(upTo(200));
  uploads.step();
  assert.deepEqual([details.length, uploads.busy, uploads.use(set, set.places[199])], [128, true, true]);
  uploads.step();
  assert.deepEqual([details.length, uploads.busy], [200, false]);
});

test("who makes room has no picture any more, and two images never share a slot", () => {
  const { uploads, set, sprite } = stage({ slots: 100 });
  sprite(upTo(100));
  uploads.step();
  uploads.use(set, set.places[0]);
  sprite(upTo(30, 500));
  uploads.step();
  const given = [...set.slots].filter((slot) => slot > 0);
  assert.deepEqual([given.length, new Set(given).size, Math.max(...given)], [100, 100, 100]);
  assert.ok(set.slots[set.places[0]] > 0 && set.slots[set.places[1]] === 0 && set.slots[set.places[529]] > 0);
});

test("a dataset that goes takes its pictures along, also those that wait, and leaves none open", () => {
  const { uploads, set, overviews, details, closed, bitmap, sprite } = stage();
  sprite([1, 2]);
  uploads.step();
  for (const range of [1, 2]) uploads.addOverview(set, range, bitmap(range));
  sprite([3]);
  uploads.forget(0);
  assert.deepEqual([uploads.busy, uploads.step(), overviews.length, details.length], [false, false, 0, 2]);
  assert.deepEqual(closed, ["sprite 1", "sprite 3", 1, 2]);
  assert.ok(!uploads.use(set, set.places[1]) && !uploads.use(set, set.places[3]));
  assert.equal(uploads.slots.size, 0);
});

test("after a loss all slots are free again, as many as there are then", () => {
  const { renderer, uploads, set, closed, bitmap, sprite } = stage();
  sprite(upTo(100));
  uploads.step();
  uploads.addOverview(set, 1, bitmap(1));
  renderer.slots = 50;
  uploads.reset();
  assert.deepEqual([uploads.capacity, uploads.busy, closed.includes(1)], [50, false, true]);
});
