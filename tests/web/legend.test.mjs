import assert from "node:assert/strict";
import { test } from "node:test";
import {
  classesOf, filterClasses, fromLists, histogram, isolate, NONE, sortClasses, toggle, toLists, windowOf,
} from "../../src/embedding_explorer/web/ui/state/legend_model.js";

const META = { name: "label", values: ["cat", "Dog", "9", "10"], counts: [5, 9, 3, 3] };
const classes = classesOf(META, 25);
const indices = (list) => list.map((each) => each.index);

test("the largest class first, equal ones by name with numbers as numbers, what has no class last", () => {
  assert.deepEqual(classes.map((each) => each.name), ["Dog", "cat", "9", "10", "no label"]);
  assert.deepEqual(classes.at(-1), { index: NONE, name: "no label", count: 5 });
});

test("no entry for images without a class where each has one", () => {
  assert.equal(classesOf(META, 20).length, 4);
});

test("noise of a clustering is named as such", () => {
  assert.equal(classesOf({ name: "cluster", values: [], counts: [] }, 3)[0].name, "in no cluster");
});

test("sorting by name", () => {
  assert.deepEqual(sortClasses(classes, true).map((each) => each.name), ["9", "10", "cat", "Dog", "no label"]);
  assert.equal(sortClasses(classes, false), classes);
});

test("searching ignores case", () => {
  assert.deepEqual(filterClasses(classes, " DO ").map((each) => each.name), ["Dog"]);
  assert.equal(filterClasses(classes, ""), classes);
});

test("a click isolates a class, a second one shows all again", () => {
  const alone = isolate(classes, new Set(), 1);
  assert.deepEqual([...alone].sort((a, b) => a - b), [0, 2, 3, NONE]);
  assert.equal(isolate(classes, alone, 1).size, 0);
  assert.deepEqual([...isolate(classes, alone, 0)].sort((a, b) => a - b), [1, 2, 3, NONE]);
});

test("hiding the last class shows all", () => {
  let hidden = new Set();
  for (const index of indices(classes)) hidden = toggle(classes, hidden, index);
  assert.equal(hidden.size, 0);
  assert.deepEqual([...toggle(classes, new Set([2]), 2)], []);
});

test("hidden classes survive the way through an address, as the shorter list", () => {
  for (const hidden of [new Set(), new Set([1]), new Set([0, 1, 2, NONE])]) {
    assert.deepEqual(fromLists(classes, toLists(classes, hidden)), hidden);
  }
  assert.deepEqual(toLists(classes, new Set([0, 1, 2, NONE])), { only: [3], hide: null });
});

test("an address that would hide everything hides nothing", () => {
  assert.equal(fromLists(classes, { only: [77], hide: null }).size, 0);
});

test("only the classes in the window are made, of ten thousand as of ten", () => {
  assert.deepEqual(windowOf(3000, 300, 30, 10_000, 2), [98, 112]);
  assert.deepEqual(windowOf(0, 300, 30, 4, 2), [0, 4]);
  assert.deepEqual(windowOf(9000, 300, 30, 0), [0, 0]);
});

test("a histogram counts both ends and passes over what is no number", () => {
  assert.deepEqual([...histogram([0, 0.1, 5, 9.99, 10, NaN], [0, 10], 2)], [2, 3]);
  assert.deepEqual([...histogram([4, 4], [4, 4], 3)], [2, 0, 0]);
});
