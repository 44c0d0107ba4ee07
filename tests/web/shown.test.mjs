import assert from "node:assert/strict";
import { test } from "node:test";
import { Shown } from "../../src/embedding_explorer/web/view/shown.js";

const idle = () => new Promise((done) => setTimeout(done, 2));

/** A dataset whose positions arrive when the test says so. */
function dataset(name) {
  const waiting = new Map();
  return {
    manifest: { name },
    name,
    reducerOr: (wish) => wish ?? "umap",
    positions: (reducer) => new Promise((arrive, refuse) => waiting.set(reducer, { arrive, refuse })),
    async arrive(reducer = "umap") {
      waiting.get(reducer).arrive({ of: name, reducer, box: [name, reducer] });
      await idle();
    },
    async refuse(reducer, error) {
      waiting.get(reducer).refuse(error);
      await idle();
    },
  };
}

/** An engine that only keeps what it was told. */
function stage() {
  const sets = new Map();
  const log = [];
  const put = (layer, data, positions) => sets.set(layer, { layer, data: data.name, at: positions.reducer, from: { positions }, to: null });
  const engine = {
    set: (layer) => sets.get(layer),
    show(data, positions) {
      sets.clear();
      put(0, data, positions);
      log.push(`show ${data.name} ${positions.reducer}`);
    },
    moved: () => {},
    failed: () => {},
    clock: { still: () => {} },
    pilot: { reducedMotion: false, fly: () => {} },
    scene: { set: (layer) => sets.get(layer), makeHome: () => {}, mode: "3d" },
    layers: {
      put(layer, data, positions, box) {
        put(layer, data, positions);
        log.push(`over ${data.name} ${positions.reducer} in ${box.join(" ")}`);
      },
      remove: (layer) => sets.delete(layer),
      loadShapes: async () => {},
      async move(moves) {
        for (const { set, positions } of moves) [set.at, set.from] = [positions.reducer, { positions }];
        log.push(`move ${moves.map(({ set, positions }) => `${set.data} ${positions.reducer}`).join(", ")}`);
      },
    },
  };
  const notices = [];
  const dropped = { times: 0 };
  return { shown: new Shown(engine, (_level, text) => notices.push(text), () => (dropped.times += 1)), log, sets, notices, dropped };
}

async function showing(name = "a") {
  const given = stage();
  const data = dataset(name);
  given.shown.show(data);
  await data.arrive();
  given.log.length = 0;
  return { ...given, data };
}

test("the dataset asked for last is shown, though the other one arrives later", async () => {
  const { shown, log } = stage();
  const [a, b] = [dataset("a"), dataset("b")];
  const [first, second] = [shown.show(a), shown.show(b)];
  await b.arrive();
  await a.arrive();
  assert.deepEqual([await first, await second, log], [false, true, ["show b umap"]]);
  assert.equal(shown.data, b);
});

test("a dataset without a reduction is refused with its name", async () => {
  await assert.rejects(stage().shown.show({ ...dataset("cats"), reducerOr: () => undefined }), /cats.*no map/);
});

test("what was still on its way at the end is not shown", async () => {
  const { shown, data, log } = await showing();
  const [b, over] = [dataset("b"), dataset("over")];
  shown.setOverlay(over);
  shown.setReduction("pca", true);
  shown.destroy();
  await data.arrive("pca");
  await over.arrive();
  const next = stage();
  const showingB = next.shown.show(b);
  next.shown.destroy();
  await b.arrive();
  assert.deepEqual([await showingB, next.log, log], [false, [], []]);
});

test("another reduction moves the images", async () => {
  const { shown, data, log } = await showing();
  const end = shown.setReduction("pca", true);
  await data.arrive("pca");
  await end;
  assert.deepEqual([log, shown.reducer], [["move a pca"], "pca"]);
});

test("back to the present reduction revokes a wish for another", async () => {
  const { shown, data, log } = await showing();
  shown.setReduction("pca", true);
  await shown.setReduction("umap", true);
  await data.arrive("pca");
  assert.deepEqual([log, shown.reducer], [[], "umap"]);
});

test("of two reductions the one asked for last wins", async () => {
  const { shown, data, log } = await showing();
  shown.setReduction("pca", true);
  shown.setReduction("tsne", true);
  await data.arrive("tsne");
  await data.arrive("pca");
  assert.deepEqual(log, ["move a tsne"]);
});

test("a reduction of a dataset that is shown no more moves nothing", async () => {
  const { shown, data, log } = await showing();
  shown.setReduction("pca", true);
  const b = dataset("b");
  shown.show(b);
  await b.arrive();
  await data.arrive("pca");
  assert.deepEqual(log, ["show b umap"]);
});

test("a second dataset lies in the box of the first and moves with it", async () => {
  const { shown, data, log } = await showing();
  const over = dataset("over");
  shown.setOverlay(over);
  await over.arrive();
  shown.setReduction("pca", true);
  await data.arrive("pca");
  await over.arrive("pca");
  assert.deepEqual(log, ["over over umap in a umap", "move a pca, over pca"]);
});

test("a second dataset that arrives after another was shown, or after it was put away, is not drawn", async () => {
  const { shown, sets } = await showing();
  const over = dataset("over");
  shown.setOverlay(over);
  await shown.setOverlay(null);
  await over.arrive();
  assert.equal(sets.has(1), false);
  const b = dataset("b");
  shown.setOverlay(over);
  shown.show(b);
  await b.arrive();
  await over.arrive();
  assert.equal(sets.has(1), false);
});

test("a second dataset that is refused leaves nothing behind", async () => {
  const { shown, data, sets } = await showing();
  const over = dataset("over");
  const drawing = shown.setOverlay(over);
  const refused = assert.rejects(drawing, /busy/);
  await over.refuse("umap", new Error("busy"));
  await refused;
  assert.equal(shown.overlay, null);
  const end = shown.setReduction("pca", true);
  await data.arrive("pca");
  await end;
  assert.deepEqual([...sets.keys()], [0]);
});

test("a second dataset that cannot follow to a reduction is put away and said so; the map goes on", async () => {
  const { shown, data, log, sets, notices, dropped } = await showing();
  const over = dataset("over");
  shown.setOverlay(over);
  await over.arrive();
  shown.setReduction("pca", true);
  await data.arrive("pca");
  await over.refuse("pca", new Error("spaces differ"));
  assert.equal(log.at(-1), "move a pca");
  assert.deepEqual([sets.has(1), shown.overlay, notices.length, dropped.times], [false, null, 1, 1]);
  assert.match(notices[0], /spaces differ/);
});

test("a second dataset is drawn by the reduction that is shown, whichever was asked for", async () => {
  const { shown, log } = await showing();
  const over = dataset("over");
  shown.setOverlay(over, "pca");
  await over.arrive("pca");
  await over.arrive("umap");
  assert.deepEqual(log, ["over over umap in a umap"]);
});

test("a second dataset that came while another reduction was on its way follows to it", async () => {
  const { shown, data, sets } = await showing();
  const over = dataset("over");
  shown.setReduction("pca", true);
  shown.setOverlay(over);
  await over.arrive("umap");
  assert.equal(sets.get(1).at, "umap");
  await data.arrive("pca");
  await over.arrive("pca");
  assert.equal(sets.get(1).at, "pca");
});

test("a second dataset still on its way when the map moves follows it", async () => {
  const { shown, data, log, sets } = await showing();
  const over = dataset("over");
  shown.setOverlay(over);
  shown.setReduction("pca", true);
  await data.arrive("pca");
  await over.arrive("pca");
  await over.arrive("umap").catch(() => {});
  await over.arrive("pca");
  assert.equal(sets.get(1)?.at, "pca", log.join("; "));
  assert.equal(sets.get(0).at, "pca");
});
