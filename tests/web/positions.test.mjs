import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePositions, spaceOf, worldPoint } from "../../src/embedding_explorer/web/core/positions.js";
import { allNear, placed } from "./samples.mjs";

const BOX = [-3, 10, 0, 5, 12, 1];

/** An answer of the server, byte by byte. */
function answer({ magic = "EEXP", version = 1, type = 1, axes = 3, columns = [[0, 65535], [1, 256], [513, 2]], n = columns[0].length } = {}) {
  const bytes = type === 2 ? 4 : 2;
  const view = new DataView(new ArrayBuffer(40 + bytes * columns.flat().length));
  [...magic].forEach((letter, i) => view.setUint8(i, letter.charCodeAt(0)));
  [version, type, axes, 0].forEach((value, i) => view.setUint8(4 + i, value));
  view.setUint32(8, n, true);
  BOX.forEach((value, i) => view.setFloat32(16 + 4 * i, value, true));
  columns.flat().forEach((value, i) => (type === 2 ? view.setFloat32(40 + 4 * i, value, true) : view.setUint16(40 + 2 * i, value, true)));
  return view.buffer;
}

test("columns of uint16 and the box are read as they were written", () => {
  const { n, x, y, z, box } = decodePositions(answer());
  assert.equal(n, 2);
  assert.ok([x, y, z].every((column) => column instanceof Uint16Array));
  assert.deepEqual([x, y, z].map((column) => [...column]), [[0, 65535], [1, 256], [513, 2]]);
  assert.deepEqual([...box], BOX);
});

test("columns of float32 as well", () => {
  const { x, z } = decodePositions(answer({ type: 2, columns: [[0.5, -1.25], [0, 0], [7, 8]] }));
  assert.ok(x instanceof Float32Array);
  assert.deepEqual([[...x], [...z]], [[0.5, -1.25], [7, 8]]);
});

test("a map without images has no positions", () => {
  const { n, x, z } = decodePositions(answer({ columns: [[], [], []], n: 0 }));
  assert.deepEqual([n, x.length, z.length], [0, 0, 0]);
});

test("what is no such answer is refused", () => {
  for (const buffer of [answer({ magic: "PXEE" }), new ArrayBuffer(0), answer().slice(0, 39), new TextEncoder().encode("<html>".repeat(20)).buffer]) {
    assert.throws(() => decodePositions(buffer), /holds no positions/);
  }
});

test("a form that this page does not know is refused", () => {
  for (const other of [{ version: 2 }, { axes: 2 }, { type: 3 }, { type: 0 }]) {
    assert.throws(() => decodePositions(answer(other)), /does not know/);
  }
});

test("an answer that broke off is refused, as is one that is too long", () => {
  assert.throws(() => decodePositions(answer().slice(0, -1)), /incomplete/);
  assert.throws(() => decodePositions(answer({ n: 3 })), /incomplete/);
  assert.throws(() => decodePositions(answer({ n: 4_294_967_295 })), /incomplete/);
  assert.throws(() => decodePositions(answer({ n: 1 })), /incomplete/);
});

test("the world is centred, and the longest side of the box goes from -1 to 1", () => {
  // 8 by 2 by 1: a world unit is 4.
  const positions = decodePositions(answer({ columns: [[0, 65535], [0, 65535], [0, 65535]] }));
  const space = spaceOf(positions);
  allNear(worldPoint(positions, space, 0), [-1, -0.25, -0.125], 1e-6);
  allNear(worldPoint(positions, space, 1), [1, 0.25, 0.125], 1e-6);
});

test("float32 and uint16 stand for the same places", () => {
  const raw = decodePositions(answer({ columns: [[0, 13107], [0, 13107], [65535, 0]] }));
  const exact = decodePositions(answer({ type: 2, columns: [[-3, -3 + 8 / 5], [10, 10.4], [1, 0]] }));
  for (const row of [0, 1]) allNear(worldPoint(raw, spaceOf(raw), row), worldPoint(exact, spaceOf(exact), row), 1e-6);
});

test("a second dataset lies in the first one's box", () => {
  const first = placed([[0, 0, 0]], [0, 0, 0, 10, 10, 10]);
  const second = placed([[5, 5, 5], [10, 0, 20]], [5, 0, 5, 10, 5, 20]);
  allNear(worldPoint(second, spaceOf(second, first.box), 0), [0, 0, 0], 1e-6);
  allNear(worldPoint(second, spaceOf(second, first.box), 1), [1, -1, 3], 1e-6);
});

test("images that are all at one place are in the middle", () => {
  const one = { n: 2, x: Uint16Array.of(0, 0), y: Uint16Array.of(0, 0), z: Uint16Array.of(0, 0), box: Float32Array.of(7, 8, 9, 7, 8, 9) };
  allNear(worldPoint(one, spaceOf(one), 1), [0, 0, 0], 0);
});
