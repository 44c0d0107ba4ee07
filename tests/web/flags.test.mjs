import assert from "node:assert/strict";
import { test } from "node:test";
import { DIMMED, MATCH, NEIGHBOUR, SELECTED, VISIBLE } from "../../src/embedding_explorer/web/core/flags.js";
import { compose, rowsWith } from "../../src/embedding_explorer/web/ui/state/flags.js";

const NOTHING = { classes: null, hidden: new Set(), values: null, range: null, selected: [], matches: null, neighbours: [] };

test("without anything special every image is visible", () => {
  const flags = new Uint8Array(3).fill(255);
  assert.equal(compose(flags, NOTHING), 3);
  assert.deepEqual([...flags], [VISIBLE, VISIBLE, VISIBLE]);
});

test("hidden classes, the one for none included, are not visible", () => {
  const flags = new Uint8Array(4);
  const visible = compose(flags, { ...NOTHING, classes: Uint16Array.of(0, 1, 0xffff, 1), hidden: new Set([1, 0xffff]) });
  assert.equal(visible, 1);
  assert.deepEqual([...rowsWith(flags, VISIBLE)], [0]);
});

test("a range keeps both its ends and drops what is no number", () => {
  const flags = new Uint8Array(4);
  compose(flags, { ...NOTHING, values: Float32Array.of(1, 2, 3, NaN), range: [2, 3] });
  assert.deepEqual([...rowsWith(flags, VISIBLE)], [1, 2]);
});

test("a search dims what it did not find, even when it found nothing", () => {
  const flags = new Uint8Array(3);
  compose(flags, { ...NOTHING, matches: [1] });
  assert.deepEqual([...flags], [VISIBLE | DIMMED, VISIBLE | MATCH, VISIBLE | DIMMED]);
  compose(flags, { ...NOTHING, matches: [] });
  assert.deepEqual([...rowsWith(flags, DIMMED)], [0, 1, 2]);
});

test("marks add up", () => {
  const flags = new Uint8Array(2);
  compose(flags, { ...NOTHING, selected: [0], neighbours: [0, 1] });
  assert.deepEqual([...flags], [VISIBLE | SELECTED | NEIGHBOUR, VISIBLE | NEIGHBOUR]);
});
