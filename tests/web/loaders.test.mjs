import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { OverviewLoader } from "../../src/embedding_explorer/web/data/overview.js";
import { ThumbnailLoader } from "../../src/embedding_explorer/web/data/thumbnails.js";
import { MapData } from "../../src/embedding_explorer/web/data/map_data.js";

const MANIFEST = {
  id: "x", name: "x", total: 4000, tilemaps: { count: 4, columns: 10, images: 1000 }, overview: { url: "/o/{range}" },
  thumbnails: { url: "/t", pitch: 50, picture: 48, most: 256 }, columns: [{ name: "label", type: "u16", url: "/c" }], reductions: {},
};

/** Requests that wait for their answer. */
let asked = [];
let closed = [];

globalThis.fetch = (url) => new Promise((answer) => asked.push({ url, answer }));
globalThis.createImageBitmap = async (blob) => ({ url: blob, width: 160, height: 1600, close: () => closed.push(blob) });

beforeEach(() => ([asked, closed] = [[], []]));

const idle = () => new Promise((done) => setTimeout(done, 5));

async function give(url, ok = true) {
  const place = asked.findIndex((each) => each.url === url);
  assert.ok(place >= 0, `${url} was not asked for`);
  const [{ answer }] = asked.splice(place, 1);
  answer({ ok, status: 500, blob: async () => url, text: async () => "", headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(10) });
  await idle();
}

function overviews() {
  const [here, failures] = [[], []];
  return { loader: new OverviewLoader(MANIFEST, (range) => here.push(range), (error) => failures.push(error)), here, failures };
}

test("overviews are asked for by need, three at a time, each once", async () => {
  const { loader, here } = overviews();
  loader.want([2, 0, 3, 1]);
  assert.deepEqual(asked.map(({ url }) => url), ["/o/002", "/o/000", "/o/003"]);
  loader.want([2, 1, 0]);
  await give("/o/000");
  assert.deepEqual(asked.map(({ url }) => url), ["/o/002", "/o/003", "/o/001"]);
  for (const url of ["/o/002", "/o/003", "/o/001"]) await give(url);
  assert.deepEqual([here, loader.busy], [[0, 2, 3, 1], false]);
  loader.want([0, 1, 2, 3]);
  assert.equal(asked.length, 0);
});

test("what is wished for no longer is not asked for", async () => {
  const { loader } = overviews();
  loader.want([0, 1, 2, 3]);
  loader.want([0]);
  for (const url of ["/o/000", "/o/001", "/o/002"]) await give(url);
  assert.deepEqual([asked.length, loader.busy], [0, false]);
});

test("a range that fails is tried once more, also when others are wished for meanwhile", async () => {
  const { loader, here, failures } = overviews();
  loader.want([0, 1, 2]);
  await give("/o/000", false);
  await give("/o/000");
  assert.deepEqual([here, failures.length], [[0], 0]);
  loader.want([3]);
  loader.want([1, 2, 3]);
  await give("/o/001", false);
  loader.want([]);
  loader.want([1]);
  await give("/o/001");
  assert.deepEqual(here, [0, 1]);
});

test("a range that cannot be had is told and left alone for a while, then asked for again", async (context) => {
  const { loader, failures } = overviews();
  let now = 0;
  context.mock.method(performance, "now", () => now);
  loader.want([0]);
  await give("/o/000", false);
  await give("/o/000", false);
  assert.equal(failures.length, 1);
  loader.want([0]);
  assert.deepEqual([asked.length, loader.busy], [0, false]);
  now = 60_000;
  loader.want([0]);
  await give("/o/000");
});

test("after a loss everything is asked for again", async () => {
  const { loader, here } = overviews();
  loader.want([0]);
  await give("/o/000");
  loader.reset();
  loader.want([0]);
  await give("/o/000");
  assert.deepEqual(here, [0, 0]);
});

test("what arrives after the end is closed, and nothing more is asked for", async () => {
  const { loader, here } = overviews();
  loader.want([0, 1, 2, 3]);
  loader.destroy();
  await give("/o/000");
  assert.deepEqual([here, closed, asked.length], [[], ["/o/000"], 2]);
  const thumbnails = new ThumbnailLoader(MANIFEST, () => assert.fail("too late"));
  thumbnails.want([5]);
  thumbnails.destroy();
  await give("/t?ids=5");
  assert.deepEqual(closed, ["/o/000", "/t?ids=5"]);
});

test("thumbnails come in sprites, a small one first, no row twice", async () => {
  const sprites = [];
  const loader = new ThumbnailLoader(MANIFEST, (sprite) => sprites.push(sprite));
  const rows = Array.from({ length: 700 }, (_, i) => i);
  loader.want(rows);
  assert.equal(asked.length, 2);
  loader.want(rows);
  while (asked.length) await give(asked[0].url);
  assert.deepEqual(sprites.flatMap((sprite) => sprite.rows).sort((a, b) => a - b), rows);
  assert.ok(sprites[0].rows.length < 100 && sprites.every((sprite) => sprite.rows.length <= 256));
  assert.deepEqual([sprites[0].pitch, sprites[0].picture, sprites[0].columns, loader.busy], [50, 48, 10, false]);
});

test("thumbnails that fail are told and not asked for again at once", async (context) => {
  let failures = 0;
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const loader = new ThumbnailLoader(MANIFEST, () => {}, () => (failures += 1));
  loader.want([1, 2]);
  await give("/t?ids=1,2", false);
  loader.want([1, 2, 3]);
  assert.deepEqual([failures, asked.map(({ url }) => url)], [1, ["/t?ids=3"]]);
  await give("/t?ids=3");
  now = 60_000;
  loader.want([2]);
  assert.deepEqual(asked.map(({ url }) => url), ["/t?ids=2"]);
});

test("a column that does not fit the dataset is refused, and can be asked for again", async () => {
  const data = new MapData(MANIFEST);
  const column = data.column("label");
  await give("/c");
  await assert.rejects(column, /incomplete/);
  const again = new MapData({ ...MANIFEST, total: 5 }).column("label");
  await give("/c");
  assert.equal((await again).values.length, 5);
});
