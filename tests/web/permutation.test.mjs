import assert from "node:assert/strict";
import { test } from "node:test";
import { counting, permutation, random } from "../../src/embedding_explorer/web/core/permutation.js";

test("every number comes exactly once", () => {
  for (const n of [0, 1, 2, 17, 5000]) {
    assert.deepEqual([...permutation(n, 3)].sort((a, b) => a - b), [...Array(n).keys()]);
    assert.deepEqual([...counting(n)], [...Array(n).keys()]);
  }
});

test("a seed gives the same order each time, another seed another", () => {
  assert.deepEqual(permutation(1000, 5), permutation(1000, 5));
  assert.deepEqual(permutation(1000), permutation(1000, 1));
  assert.notDeepEqual(permutation(1000, 5), permutation(1000, 6));
});

test("any beginning is a fair sample", () => {
  const n = 100_000;
  for (const seed of [1, 2, 3]) {
    const tenths = new Array(10).fill(0);
    for (const row of permutation(n, seed).subarray(0, 2000)) tenths[Math.floor((row / n) * 10)] += 1;
    // 200 expected; five standard deviations are 67.
    for (const count of tenths) assert.ok(Math.abs(count - 200) < 67, String(tenths));
  }
});

test("each place is taken by each number about as often", () => {
  const counts = Array.from({ length: 4 }, () => new Array(4).fill(0));
  for (let seed = 0; seed < 4000; seed += 1) permutation(4, seed).forEach((value, place) => (counts[place][value] += 1));
  for (const count of counts.flat()) assert.ok(Math.abs(count - 1000) < 140, String(counts));
});

test("random numbers are from 0 up to 1, evenly", () => {
  const next = random(42);
  const values = Array.from({ length: 20_000 }, next);
  assert.ok(values.every((value) => value >= 0 && value < 1));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean - 0.5) < 0.01);
  assert.equal(new Set(values).size > 19_900, true);
});
