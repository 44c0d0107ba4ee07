import assert from "node:assert/strict";
import { test } from "node:test";
import { arranged, inverse, spatialOrder } from "../../src/embedding_explorer/web/core/morton.js";
import { cloud, placed } from "./samples.mjs";

/** The eight highest bits of each axis, taken in turn from the highest on, z before y before x. */
function keyOf({ x, y, z }, row) {
  const bits = [z, y, x].map((column) => (column[row] >> 8).toString(2).padStart(8, "0"));
  return Array.from({ length: 8 }, (_, i) => bits.map((text) => text[i]).join("")).join("");
}

test("the order is that of the interleaved bits, rows of one cell in their own order", () => {
  const positions = cloud(4000, 3);
  for (const axis of ["x", "y", "z"]) positions[axis].fill(12_345, 0, 50);
  const keys = Array.from({ length: 4000 }, (_, row) => keyOf(positions, row));
  const wanted = [...keys.keys()].sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
  assert.deepEqual([...spatialOrder(positions)], wanted);
});

test("neighbours along the curve are near each other", () => {
  const positions = cloud(20_000, 4);
  const { x, y, z } = positions;
  const step = (order) => {
    let sum = 0;
    for (let i = 1; i < order.length; i += 1) {
      const [a, b] = [order[i - 1], order[i]];
      sum += Math.hypot(x[a] - x[b], y[a] - y[b], z[a] - z[b]);
    }
    return sum / order.length;
  };
  assert.ok(step(spatialOrder(positions)) < 0.12 * step([...Array(20_000).keys()]));
});

test("positions of float32 have the same order", () => {
  const raw = cloud(1000, 5, [0, 0, 0, 1, 1, 1]);
  for (const axis of ["x", "y", "z"]) raw[axis] = raw[axis].map((value) => (value & 0xff00) + 128);
  const points = Array.from({ length: 1000 }, (_, i) => [raw.x[i], raw.y[i], raw.z[i]].map((value) => value / 65536));
  assert.deepEqual(spatialOrder(placed(points, [0, 0, 0, 1, 1, 1])), spatialOrder(raw));
});

test("no row is lost where there is no position, no extent or no image", () => {
  const odd = placed([[NaN, 0, 0], [1, 1, 1], [-1, -1, -1], [0, Infinity, 0], [9, -9, 0]]);
  assert.deepEqual([...spatialOrder(odd)].sort(), [0, 1, 2, 3, 4]);
  const same = placed(Array(5).fill([2, 2, 2]), [2, 2, 2, 2, 2, 2]);
  assert.deepEqual([...spatialOrder(same)], [0, 1, 2, 3, 4]);
  assert.equal(spatialOrder(placed([])).length, 0);
});

test("rows lead to places and places to rows; columns follow and keep their kind", () => {
  const rows = Uint32Array.of(2, 0, 3, 1);
  assert.deepEqual([...inverse(rows)], [1, 3, 0, 2]);
  for (const Kind of [Uint8Array, Uint16Array, Float32Array]) {
    const column = arranged(Kind.of(10, 11, 12, 13), rows);
    assert.ok(column instanceof Kind);
    assert.deepEqual([...column], [12, 10, 13, 11]);
  }
});
