import assert from "node:assert/strict";
import { test } from "node:test";
import { cellWords, shares, worst } from "../../src/embedding_explorer/web/charts/confusion.js";
import { extentOf, logTicks, niceStep, padded, scale, ticks } from "../../src/embedding_explorer/web/charts/scale.js";
import { inWords, nearest, pathOf, pieces, positions, readout, seriesOf, smoothed } from "../../src/embedding_explorer/web/charts/series.js";
import { allNear, near, numbers } from "./samples.mjs";

// The example of the contract, 5.10.
const GRAPH = {
  columns: [["loss-train", 1.1, 0.9], ["train_epochs", 0.5, 1.0], ["accuracy-val", 81.0], ["loss-val", 0.6], ["val_epochs", 1.0]],
  xs: { "loss-train": "train_epochs", "accuracy-val": "val_epochs", "loss-val": "val_epochs" },
  axes: { "accuracy-val": "y2" },
  names: { "loss-train": "loss (train)", "accuracy-val": "accuracy (val)", "loss-val": "loss (val)" },
};

test("graphs of the API become lines, accuracies on the second axis", () => {
  const lines = seriesOf(GRAPH);
  assert.deepEqual(lines.map(({ id, axis }) => [id, axis]), [["loss-train", "left"], ["accuracy-val", "right"], ["loss-val", "left"]]);
  assert.deepEqual([lines[0].name, lines[0].x, lines[0].y], ["loss (train)", [0.5, 1], [1.1, 0.9]]);
  assert.deepEqual(seriesOf(null), []);
});

test("a missing point is missing, and no zero", () => {
  const [line] = seriesOf({ columns: [["a", 1, "none", 3], ["x", 0, 1, 2]], xs: { a: "x" } });
  assert.deepEqual(line.y, [1, null, 3]);
  const found = pieces(line, (x) => x * 10, (y) => -y);
  assert.deepEqual(found, [[[0, -1]], [[20, -3]]]);
});

test("ticks are round numbers inside the extent", () => {
  assert.deepEqual(ticks({ low: 0, high: 1 }, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks({ low: 3, high: 31 }, 6), [5, 10, 15, 20, 25, 30]);
  assert.deepEqual(ticks({ low: 4, high: 4 }, 5), [4]);
  for (const [span, step] of [[1, 0.2], [7, 2], [99, 20], [0.0031, 0.001]]) near(niceStep(span, 5), step);
  const next = numbers(3);
  for (let turn = 0; turn < 200; turn += 1) {
    const low = (next() - 0.5) * 10 ** Math.floor(next() * 8 - 4);
    const high = low + next() * 10 ** Math.floor(next() * 8 - 4) + 1e-9;
    const found = ticks({ low, high }, 5);
    assert.ok(found.length <= 13 && found.every((value) => value >= low - 1e-9 && value <= high + 1e-9), `${low} ${high} ${found}`);
  }
});

test("logarithmic ticks are powers of ten, with parts of them where there are few", () => {
  assert.deepEqual(logTicks({ low: 1e-6, high: 1 }), [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]);
  assert.deepEqual(logTicks({ low: 0.9, high: 12 }), [1, 2, 5, 10]);
});

test("scales lead from values to pixels", () => {
  assert.equal(scale({ low: 10, high: 20 }, [0, 100])(15), 50);
  near(scale({ low: 0.001, high: 10 }, [0, 400], true)(0.1), 200);
  assert.equal(scale({ low: 5, high: 5 }, [0, 100])(5), 0);
  assert.deepEqual(extentOf([3, null, NaN, -1, Infinity]), { low: -1, high: 3 });
  assert.equal(extentOf([null]), null);
  assert.equal(padded({ low: 0.01, high: 1 }).low, 0);
});

test("smoothing neither begins at zero nor fills gaps", () => {
  allNear(smoothed([4, 4, 4], 0.9), [4, 4, 4]);
  assert.deepEqual(smoothed([1, null, 2], 0.5)[1], null);
  assert.deepEqual(smoothed([1, 2], 0), [1, 2]);
  // By hand: (0.5 · 0.5 · 1 + 0.5 · 3) / (0.5 · 0.5 + 0.5)
  near(smoothed([1, 3], 0.5)[1], (0.25 + 1.5) / 0.75);
});

test("the nearest point is found as by looking at all", () => {
  const next = numbers(5);
  const xs = Array.from({ length: 60 }, next).sort((a, b) => a - b);
  for (let turn = 0; turn < 100; turn += 1) {
    const x = next() * 1.4 - 0.2;
    const best = xs.reduce((found, each, index) => (Math.abs(each - x) < Math.abs(xs[found] - x) ? index : found), 0);
    assert.equal(nearest(xs, x), best);
  }
  assert.equal(nearest([], 1), -1);
});

test("a readout tells of each line its nearest value", () => {
  const lines = seriesOf(GRAPH);
  assert.deepEqual(readout(lines, 0.6).map(({ line, x, y }) => [line.id, x, y]), [["loss-train", 0.5, 1.1], ["accuracy-val", 1, 81], ["loss-val", 1, 0.6]]);
  assert.deepEqual(positions(lines), [0.5, 1]);
});

test("a line in words", () => {
  const words = inWords({ id: "l", name: "loss", x: [1, 2, 3], y: [2, 0.5, 0.7], axis: "left" }, "epoch");
  assert.equal(words, "loss: 2 at epoch 1, 0.7 at epoch 3; least 0.5 at 2, greatest 2 at 1.");
  assert.equal(inWords({ id: "l", name: "loss", x: [], y: [], axis: "left" }, "epoch"), "loss: no values yet.");
});

test("a path", () => {
  assert.equal(pathOf([[0, 1], [2.25, 3]]), "M0.0 1.0L2.3 3.0");
});

test("what a confusion matrix says", () => {
  const matrix = [[8, 2, 0], [0, 5, 0], [4, 1, 5]];
  assert.deepEqual(worst(matrix, 2).map(({ row, column, count }) => [row, column, count]), [[2, 0, 4], [0, 1, 2]]);
  assert.deepEqual(shares([[1, 3], [0, 0]]), [[0.25, 0.75], [0, 0]]);
  assert.equal(cellWords(matrix, ["a", "b", "c"], 2, 0), "c taken for a: 4 of 10 (40 %)");
  assert.equal(cellWords([[0]], ["a"], 0, 0), "a taken for what it is: 0 of 0");
});
