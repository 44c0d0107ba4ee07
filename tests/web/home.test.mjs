import assert from "node:assert/strict";
import { test } from "node:test";
import { framing } from "../../src/embedding_explorer/web/core/home.js";
import { spaceOf, worldPoint } from "../../src/embedding_explorer/web/core/positions.js";
import { allNear, cloud, near, numbers, placed, seenBy } from "./samples.mjs";

const WINDOWS = [{ width: 1280, height: 800 }, { width: 400, height: 800 }, { width: 900, height: 300 }];

const frame = (positions, viewport, options) => framing(positions, spaceOf(positions), viewport, options);

/** Where each image is on the screen. */
function pixels(positions, camera, viewport, rows = [...Array(positions.n).keys()]) {
  const flat = camera.mode === "2d" ? 0 : 1;
  return rows.map((row) => {
    const [x, y, z] = worldPoint(positions, spaceOf(positions), row);
    return seenBy(camera, [x, y, z * flat], viewport);
  });
}

function bounds(points) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

for (const mode of ["3d", "2d"]) {
  test(`all of a map is in view, in the middle, and fills it (${mode})`, () => {
    const positions = cloud(3000, 3);
    for (const viewport of WINDOWS) {
      const camera = frame(positions, viewport, { mode });
      const { left, right, top, bottom } = bounds(pixels(positions, camera, viewport));
      const inside = left >= 20 && top >= 20 && right <= viewport.width - 20 && bottom <= viewport.height - 20;
      assert.ok(inside, JSON.stringify({ viewport, left, right, top, bottom }));
      const filled = Math.max((right - left) / (viewport.width - 72), (bottom - top) / (viewport.height - 136));
      assert.ok(filled > 0.93, `${filled}`);
      near(left + right, viewport.width, 0.06 * viewport.width);
      near(top + bottom, viewport.height, 0.06 * viewport.height);
    }
  });
}

test("3-D is seen a little from the left and from above, 2-D straight on", () => {
  const positions = cloud(100);
  const [front, flat] = [frame(positions, WINDOWS[0]), frame(positions, WINDOWS[0], { mode: "2d" })];
  assert.ok(front.yaw < -0.2 && front.yaw > -0.8 && front.pitch > 0.1 && front.pitch < 0.6);
  assert.deepEqual([flat.mode, flat.yaw, flat.pitch, flat.target[2]], ["2d", 0, 0, 0]);
});

test("a few strays cost a map little of its size", () => {
  const next = numbers(4);
  const points = Array.from({ length: 1000 }, () => [next() - 0.5, next() - 0.5, next() - 0.5].map((value) => value / 4));
  const without = frame(placed(points), WINDOWS[0]);
  const stray = frame(placed([...points, [1, 1, 1]]), WINDOWS[0]);
  assert.ok(stray.distance <= 1.14 * without.distance && stray.distance > without.distance);
});

test("some rows alone can be framed, from any direction", () => {
  const positions = cloud(2000, 5);
  const rows = Uint32Array.of(3, 77, 512, 1999);
  const from = { yaw: 1.2, pitch: -0.3 };
  const camera = frame(positions, WINDOWS[0], { rows, from, margin: 160 });
  assert.deepEqual([camera.yaw, camera.pitch], [1.2, -0.3]);
  const { left, right, top, bottom } = bounds(pixels(positions, camera, WINDOWS[0], [...rows]));
  assert.ok(left > 140 && right < 1140 && top > 140 && bottom < 660);
});

test("the rows that decide lie all over the map, however many there are", () => {
  const n = 50_000;
  const positions = { n, x: new Uint16Array(n), y: new Uint16Array(n), z: new Uint16Array(n), box: Float32Array.of(0, 0, 0, 1, 1, 1) };
  positions.x.fill(65535, n / 2);
  const camera = frame(positions, WINDOWS[0], { mode: "2d" });
  allNear(camera.target, [0, -1, 0], 0.02);
  const { left, right } = bounds(pixels(positions, camera, WINDOWS[0], [0, n - 1]));
  assert.ok(left > 0 && right < 1280 && right - left > 1000);
});

test("one image alone, and images that are all at one place, are in the middle of the view", () => {
  for (const points of [[[5, 5, 5]], Array(100).fill([5, 5, 5])]) {
    for (const mode of ["3d", "2d"]) {
      const positions = placed(points, [5, 5, 5, 5, 5, 5]);
      const camera = frame(positions, WINDOWS[0], { mode });
      assert.ok(camera.distance > 0.005);
      const [{ x, y, depth }] = pixels(positions, camera, WINDOWS[0], [0]);
      allNear([x, y], [640, 400], 0.1);
      assert.ok(depth > 0);
    }
  }
});

test("a map without images has a view all the same", () => {
  const camera = frame(placed([]), WINDOWS[0]);
  assert.ok(Number.isFinite(camera.distance) && camera.target.every(Number.isFinite));
});

test("images without a position do not count", () => {
  const points = [[0, 0, 0], [NaN, 0, 0], [0.5, 0.5, 0.5], [0, Infinity, 0]];
  const camera = frame(placed(points), WINDOWS[0]);
  assert.equal(camera.toString(), frame(placed([points[0], points[2]]), WINDOWS[0]).toString());
});

test("a window too small for margins shows the map too", () => {
  const positions = cloud(500, 6);
  const viewport = { width: 60, height: 50 };
  const { left, right } = bounds(pixels(positions, frame(positions, viewport), viewport));
  assert.ok(left > 0 && right < 60 && right - left > 15);
});
