import "./browser.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { colourBy, restoreColour } from "../../src/embedding_explorer/web/ui/state/colouring.js";
import { initialState } from "../../src/embedding_explorer/web/ui/state/initial.js";
import { Store } from "../../src/embedding_explorer/web/ui/state/store.js";

const MANIFEST = { total: 3, columns: [{ name: "size" }, { name: "label" }] };
const NUMBERS = { meta: { kind: "number", range: [0, 1] }, values: new Float32Array(3) };

/** A page with a dataset whose columns arrive when the test says so. */
function page() {
  const waiting = new Map();
  const data = { column: (name) => new Promise((arrive, refuse) => waiting.set(name, { arrive, refuse })) };
  const store = new Store({ ...initialState(), data, manifest: MANIFEST, total: 3 });
  const said = [];
  return { store, waiting, said, toasts: { show: (text) => said.push(text) } };
}

test("the colour asked for last stays, though the one before arrives later", async () => {
  const app = page();
  const slow = colourBy(app, "size");
  assert.equal(await colourBy(app, "none"), "done");
  app.waiting.get("size").arrive(NUMBERS);
  assert.deepEqual([await slow, app.store.state.colour, app.store.state.column], ["overtaken", "none", null]);
});

test("a column that cannot be had leaves the colours as they are, and says so once", async () => {
  const app = page();
  const failing = colourBy(app, "size");
  app.waiting.get("size").refuse(new Error("gone"));
  assert.deepEqual([await failing, app.store.state.colour], ["failed", "none"]);
  const late = colourBy(app, "size");
  await colourBy(app, "none");
  app.waiting.get("size").refuse(new Error("gone"));
  assert.equal(await late, "overtaken");
  assert.deepEqual(app.said, ["The column size cannot be used. gone"]);
});

test("what an address asks of a dataset that was left meanwhile is not asked of the next one", async () => {
  const app = page();
  const restoring = restoreColour(app, { colour: "size", range: [0.2, 0.4], only: [], hidden: [] });
  app.store.set({ data: page().store.state.data, range: null });
  app.waiting.get("size").arrive(NUMBERS);
  await restoring;
  assert.equal(app.store.state.range, null);
});
