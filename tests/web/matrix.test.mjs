import assert from "node:assert/strict";
import { test } from "node:test";
import { cross, dot, invert, lookAt, multiply, normalise, perspective, transformPoint } from "../../src/embedding_explorer/web/core/matrix.js";
import { allNear, near, numbers } from "./samples.mjs";

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const translation = (x, y, z) => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, y, z, 1];
const scaling = (s) => [s, 0, 0, 0, 0, s, 0, 0, 0, 0, s, 0, 0, 0, 0, 1];

function anyMatrix(seed) {
  const next = numbers(seed);
  return Float32Array.from({ length: 16 }, () => 2 * next() - 1);
}

test("a point goes through columns, the last one a translation", () => {
  assert.deepEqual(transformPoint(translation(5, 6, 7), [1, 2, 3]), [6, 8, 10, 1]);
  const rows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
  assert.deepEqual(transformPoint(rows, [1, 0, 0]), [14, 16, 18, 20]);
});

test("of a product the second is applied first", () => {
  assert.deepEqual(transformPoint(multiply(scaling(2), translation(1, 0, 0)), [3, 0, 0]), [8, 0, 0, 1]);
  assert.deepEqual(transformPoint(multiply(translation(1, 0, 0), scaling(2)), [3, 0, 0]), [7, 0, 0, 1]);
});

test("an inverse takes back, also where rows must be swapped", () => {
  for (let seed = 1; seed < 30; seed += 1) {
    const m = anyMatrix(seed);
    if (seed % 3 === 0) m[0] = m[5] = 0;
    allNear(multiply(invert(m), m), IDENTITY, 1e-3);
  }
});

test("what flattens has no inverse", () => {
  assert.equal(invert(new Float32Array(16)), null);
  assert.equal(invert([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), null);
});

test("a perspective puts near and far at the ends of the depth, and the edge of the view at the edge", () => {
  const m = perspective(2, 3, 0.5, 40);
  for (const [distance, depth] of [[0.5, -1], [40, 1]]) {
    const [, , z, w] = transformPoint(m, [0, 0, -distance]);
    near(w, distance);
    near(z / w, depth);
  }
  const [x, y, , w] = transformPoint(m, [7 / 2, 7 / 3, -7]);
  allNear([x / w, y / w], [1, 1], 1e-6);
});

test("the camera is in the middle of what it sees, upright, and keeps lengths", () => {
  const [eye, target] = [[3, -2, 5], [1, 1, 1]];
  const m = lookAt(eye, target, [0, 1, 0]);
  allNear(transformPoint(m, eye), [0, 0, 0, 1], 1e-5);
  allNear(transformPoint(m, target), [0, 0, -Math.sqrt(4 + 9 + 16), 1], 1e-5);
  const above = transformPoint(m, [1, 2, 1]);
  near(above[0], 0, 1e-5);
  assert.ok(above[1] > 0);
  near(Math.hypot(...transformPoint(m, [4, 4, 4]).slice(0, 3)), Math.hypot(1, 6, -1), 1e-5);
});

test("products of vectors", () => {
  assert.deepEqual(cross([1, 0, 0], [0, 1, 0]), [0, 0, 1]);
  assert.equal(dot([1, 2, 3], [4, -5, 6]), 12);
  allNear(normalise([3, 0, -4]), [0.6, 0, -0.8], 1e-12);
});
