import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../src/embedding_explorer/web/core/camera.js";
import { DIMMED, SELECTED, VISIBLE } from "../../src/embedding_explorer/web/core/flags.js";
import { foremost, largeEnough, onScreen } from "../../src/embedding_explorer/web/core/foremost.js";
import { insideBox, insidePolygon, nearest, project, projectBetween, projected } from "../../src/embedding_explorer/web/core/picking.js";
import { spaceOf } from "../../src/embedding_explorer/web/core/positions.js";
import { allNear, cloud, numbers, placed, seenBy } from "./samples.mjs";

const VIEWPORT = { width: 640, height: 480 };
const SIZING = { unit: 30, low: 2, high: 24 };
const UNIT_BOX = [-1, -1, -1, 1, 1, 1];

/** Points on the screen: anywhere on it and around, at depths from -1 to 4, one in ten hidden, some marked or dimmed. */
function screen(n, seed, near = 0.3) {
  const next = numbers(seed);
  const points = { ...projected(n), near };
  const flags = new Uint8Array(n);
  for (let i = 0; i < n; i += 1) {
    points.x[i] = 800 * next() - 80;
    points.y[i] = 640 * next() - 80;
    points.depth[i] = 5 * next() - 1;
    flags[i] = (next() < 0.9 ? VISIBLE : 0) | (next() < 0.1 ? SELECTED : 0) | (next() < 0.1 ? DIMMED : 0);
  }
  return { points, flags };
}

const all = ({ n }) => Array.from({ length: n }, (_, i) => i);
const drawn = (points, flags) => all(points).filter((i) => flags[i] & VISIBLE && points.depth[i] >= points.near);
const size = (points, i, { unit, low, high } = SIZING) => Math.min(high, Math.max(low, unit / points.depth[i]));
const order = (points, flags, i) => points.depth[i] * (flags[i] & SELECTED ? 0.85 : flags[i] & DIMMED ? 1.25 : 1);

test("pixels of raw positions are those that the camera's description gives", () => {
  const camera = Camera.fromString("3d,0.1,-0.1,0.05,2.4,33,-21");
  const positions = cloud(300, 2);
  const out = projected(300);
  project(positions, spaceOf(positions), camera.matrix(VIEWPORT), VIEWPORT, 0.36, out);
  // The box is 8 long, so a world unit is 4 of its units; its middle is (1, 11, 0.5).
  for (let i = 0; i < 300; i += 1) {
    const raw = [positions.x[i], positions.y[i], positions.z[i]].map((value) => value / 65535);
    const wanted = seenBy(camera, [raw[0] * 2 - 1, (raw[1] - 0.5) / 2, (raw[2] - 0.5) / 4], VIEWPORT);
    allNear([out.x[i], out.y[i]], [wanted.x, wanted.y], 0.02);
    allNear([out.depth[i]], [wanted.depth], 1e-4);
  }
  assert.equal(out.near, 0.36);
});

test("on the way between two reductions a point is on the line between its two places", () => {
  const camera = Camera.fromString("3d,0,0,0,3,10,10");
  const [from, to] = [[[0, 0, 0], [0.5, -0.5, 0.2]], [[1, 1, 0], [-0.5, 0.5, 0.6]]];
  const [a, b] = [placed(from, UNIT_BOX), placed(to, UNIT_BOX)];
  const out = projected(2);
  for (const t of [0, 0.25, 1]) {
    projectBetween(a, spaceOf(a), b, spaceOf(b), t, camera.matrix(VIEWPORT), VIEWPORT, 0.45, out);
    for (const i of [0, 1]) {
      const wanted = seenBy(camera, from[i].map((value, axis) => value + t * (to[i][axis] - value)), VIEWPORT);
      allNear([out.x[i], out.y[i], out.depth[i]], [wanted.x, wanted.y, wanted.depth], 0.01);
    }
  }
});

function nearestByHand(points, flags, x, y, radius) {
  const candidates = drawn(points, flags);
  const covering = candidates.filter((i) => Math.max(Math.abs(points.x[i] - x), Math.abs(points.y[i] - y)) <= size(points, i) / 2);
  if (covering.length) return covering.sort((a, b) => order(points, flags, a) - order(points, flags, b))[0];
  const distance = (i) => Math.hypot(points.x[i] - x, points.y[i] - y);
  const close = candidates.filter((i) => distance(i) <= radius).sort((a, b) => distance(a) - distance(b));
  return close[0] ?? -1;
}

test("the image under the pointer is the foremost that covers it, else the nearest within reach", () => {
  const next = numbers(11);
  const kinds = { covered: 0, close: 0, none: 0 };
  for (const n of [60, 2000]) {
    const { points, flags } = screen(n, n);
    for (let k = 0; k < 300; k += 1) {
      const [x, y, radius] = [640 * next(), 480 * next(), 4 + 12 * next()];
      const wanted = nearestByHand(points, flags, x, y, radius);
      assert.equal(nearest(points, flags, x, y, radius, SIZING), wanted);
      const covered = wanted >= 0 && Math.max(Math.abs(points.x[wanted] - x), Math.abs(points.y[wanted] - y)) <= size(points, wanted) / 2;
      kinds[wanted < 0 ? "none" : covered ? "covered" : "close"] += 1;
    }
  }
  for (const count of Object.values(kinds)) assert.ok(count > 20, JSON.stringify(kinds));
});

test("a marked image is picked before one that lies a little nearer, a dimmed one after", () => {
  const points = { ...projected(2), near: 0.1 };
  points.x.fill(50);
  points.y.fill(50);
  points.depth.set([1, 1.1]);
  const pick = (first, second) => nearest(points, [first, second], 51, 50, 5, SIZING);
  assert.equal(pick(VISIBLE, VISIBLE), 0);
  assert.equal(pick(VISIBLE, VISIBLE | SELECTED), 1);
  assert.equal(pick(VISIBLE | DIMMED, VISIBLE), 1);
});

test("a box selects the centres in it, its edges included", () => {
  const { points, flags } = screen(3000, 4);
  const box = { left: 100.5, top: 50, right: 300, bottom: 333 };
  const wanted = drawn(points, flags).filter((i) => points.x[i] >= 100.5 && points.x[i] <= 300 && points.y[i] >= 50 && points.y[i] <= 333);
  assert.ok(wanted.length > 100);
  assert.deepEqual([...insideBox(points, flags, box)], wanted);
  const edge = { ...projected(2), near: 0, x: Float32Array.of(10, 20), y: Float32Array.of(10, 30), depth: Float32Array.of(1, 1) };
  assert.deepEqual([...insideBox(edge, [VISIBLE, VISIBLE], { left: 10, top: 10, right: 20, bottom: 30 })], [0, 1]);
});

/** Whether a line straight up crosses the outline an odd number of times. */
function within(polygon, x, y) {
  let crossings = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const [x0, y0] = [polygon[i], polygon[i + 1]];
    const [x1, y1] = [polygon[(i + 2) % polygon.length], polygon[(i + 3) % polygon.length]];
    if (Math.min(x0, x1) <= x && x < Math.max(x0, x1) && y0 + ((y1 - y0) * (x - x0)) / (x1 - x0) < y) crossings += 1;
  }
  return crossings % 2 === 1;
}

const star = (corners, step, radius) =>
  Array.from({ length: corners }, (_, k) => (2 * Math.PI * ((k * step) % corners)) / corners).flatMap((a) => [320 + radius * Math.sin(a), 240 - radius * Math.cos(a)]);
const OUTLINES = {
  triangle: [100, 400, 320, 20, 600, 460],
  "a U": [100, 50, 200, 50, 200, 350, 400, 350, 400, 50, 500, 50, 500, 450, 100, 450],
  "a star that crosses itself": star(5, 2, 230),
  "an eight": [100, 100, 500, 400, 500, 100, 100, 400],
};

test("a lasso selects what it goes round, whatever its form", () => {
  const { points, flags } = screen(4000, 5);
  for (const [name, polygon] of Object.entries(OUTLINES)) {
    const wanted = drawn(points, flags).filter((i) => within(polygon, points.x[i], points.y[i]));
    assert.ok(wanted.length > 100, name);
    assert.deepEqual([...insidePolygon(points, flags, polygon)], wanted, name);
  }
});

test("the hollow of a U and the middle of a star are outside, as is what a line goes round twice", () => {
  const at = (x, y) => ({ ...projected(1), near: 0, x: Float32Array.of(x), y: Float32Array.of(y), depth: Float32Array.of(1) });
  const selected = (outline, x, y) => insidePolygon(at(x, y), [VISIBLE], OUTLINES[outline]).length;
  assert.deepEqual([selected("a U", 150, 200), selected("a U", 300, 200), selected("a U", 300, 400)], [1, 0, 1]);
  assert.deepEqual([selected("a star that crosses itself", 320, 240), selected("a star that crosses itself", 320, 40)], [0, 1]);
  const twice = [...star(12, 1, 100), ...star(12, 1, 100)];
  assert.equal(insidePolygon(at(320, 240), [VISIBLE], twice).length, 0);
});

test("a line of two points goes round nothing", () => {
  const { points, flags } = screen(100, 6);
  assert.equal(insidePolygon(points, flags, [0, 0, 600, 400]).length, 0);
  assert.equal(insidePolygon(points, flags, []).length, 0);
});

test("what has no position is never found", () => {
  const positions = placed([[NaN, 0, 0], [0, 0, 0]]);
  const out = projected(2);
  const camera = new Camera();
  project(positions, spaceOf(positions), camera.matrix(VIEWPORT), VIEWPORT, 0.4, out);
  const flags = [VISIBLE, VISIBLE];
  assert.equal(nearest(out, flags, 320, 240, 500, SIZING), 1);
  assert.deepEqual([...insideBox(out, flags, { left: -1e9, top: -1e9, right: 1e9, bottom: 1e9 })], [1]);
  assert.deepEqual([...insidePolygon(out, flags, [0, 0, 640, 0, 640, 480, 0, 480])], [1]);
  assert.deepEqual([...onScreen(out, flags, VIEWPORT, 0, Infinity)], [1]);
});

test("nothing is found where there is nothing", () => {
  const out = projected(0);
  assert.equal(nearest(out, [], 1, 1, 100, SIZING), -1);
  assert.equal(insideBox(out, [], { left: 0, top: 0, right: 9, bottom: 9 }).length, 0);
  assert.equal(foremost(out, new Uint8Array(0), { viewport: VIEWPORT, sizing: SIZING, from: 1, most: 10 }).length, 0);
});

test("the foremost images are those of least depth that are large enough and touch the screen", () => {
  const { points, flags } = screen(5000, 7);
  for (const [from, most] of [[1, 200], [1, 9000], [10, 150], [12, 9000]]) {
    const touches = (i) => points.x[i] > -12 && points.x[i] < 652 && points.y[i] > -12 && points.y[i] < 492;
    const wanted = drawn(points, flags).filter((i) => touches(i) && (from <= SIZING.low || SIZING.unit / points.depth[i] >= from));
    wanted.sort((a, b) => order(points, flags, a) - order(points, flags, b));
    const found = [...foremost(points, flags, { viewport: VIEWPORT, sizing: SIZING, from, most })];
    assert.deepEqual(found, wanted.slice(0, most));
    assert.deepEqual([...largeEnough(points, flags, { viewport: VIEWPORT, sizing: SIZING, from })], wanted.sort((a, b) => a - b));
  }
});

test("where very many are as deep as each other, as many are found, the first of them first", () => {
  const n = 30_000;
  const points = { ...projected(n), near: 0.1 };
  points.x.fill(100);
  points.y.fill(100);
  points.depth.fill(2);
  const flags = new Uint8Array(n).fill(VISIBLE);
  const wish = { viewport: VIEWPORT, sizing: SIZING, from: 7, most: 500 };
  assert.deepEqual([...foremost(points, flags, wish)], all({ n: 500 }));
  // Three levels, of which the middle one fills the rest.
  flags.fill(VISIBLE | DIMMED);
  for (const i of [29_999, 5]) flags[i] = VISIBLE | SELECTED;
  for (const i of [100, 200]) flags[i] = VISIBLE;
  const found = [...foremost(points, flags, wish)];
  assert.deepEqual(found.slice(0, 6), [5, 29_999, 100, 200, 0, 1]);
  assert.equal(new Set(found).size, 500);
});

test("no picture is wished for when none is large enough", () => {
  const { points, flags } = screen(100, 8);
  assert.equal(foremost(points, flags, { viewport: VIEWPORT, sizing: SIZING, from: 25, most: 10 }).length, 0);
  assert.equal(foremost(points, flags, { viewport: VIEWPORT, sizing: SIZING, from: 5, most: 0 }).length, 0);
});
