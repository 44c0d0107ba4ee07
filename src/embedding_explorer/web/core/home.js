// @ts-check
/** The view in which a map opens: all of it, seen from the front, a little from the left and from above. */
import { Camera, clamp, focalLength, MAX_DISTANCE } from "./camera.js";
import { worldPoint } from "./positions.js";

const YAW = (-24 * Math.PI) / 180;
const PITCH = (16 * Math.PI) / 180;
const SAMPLE = 20_000;
// A map is framed by all but the outermost images; a few strays may cost it an eighth of its size at most.
const MOST = 0.995;
const STRAY = 1.125;
// Pixels that the bars over the map's foot take; the same is left free at the top, so that the map lies in the middle.
const FOOT = 32;

/**
 * @param {import("./positions.js").Positions} positions
 * @param {import("./positions.js").Space} space
 * @param {{width: number, height: number}} viewport
 * @param {object} [options]
 * @param {"3d"|"2d"} [options.mode]
 * @param {number} [options.margin] pixels left free at each side, a little more above and below
 * @param {ArrayLike<number>} [options.rows] only these rows; all unless given
 * @param {{yaw: number, pitch: number}} [options.from] direction to look from
 * @returns {Camera}
 */
export function framing(positions, space, viewport, { mode = "3d", margin = 36, rows, from = { yaw: YAW, pitch: PITCH } } = {}) {
  const camera = new Camera();
  camera.flat = mode === "2d" ? 1 : 0;
  if (mode === "3d") [camera.yaw, camera.pitch] = [from.yaw, from.pitch];
  const points = sample(positions, space, rows).map(([x, y, z]) => /** @type {[number, number, number]} */ ([x, y, z * (1 - camera.flat)]));
  if (points.length === 0) return camera;
  camera.target = /** @type {[number, number, number]} */ ([0, 1, 2].map((axis) => middle(points.map((p) => p[axis]))));
  // Perspective moves the middle a little; twice corrected is near enough.
  for (let round = 0; round < 3; round += 1) fit(camera, points, viewport, margin);
  return camera;
}

/** @param {Camera} camera @param {[number, number, number][]} points @param {{width: number, height: number}} viewport @param {number} margin */
function fit(camera, points, viewport, margin) {
  const { right, up, back } = camera.axes();
  const focal = focalLength(viewport);
  const free = [margin, margin + FOOT];
  const half = [viewport.width, viewport.height].map((side, axis) => Math.max(side / 4, side / 2 - free[axis]) / focal);
  const seen = points.map((p) => [right, up, back].map((axis) => axis.reduce((sum, part, i) => sum + part * (p[i] - camera.target[i]), 0)));
  const needed = seen.map(([r, u, b]) => b + Math.max(Math.abs(r) / half[0], Math.abs(u) / half[1])).sort((a, b) => a - b);
  const inner = needed[Math.floor((needed.length - 1) * MOST)];
  camera.distance = clamp(Math.min(needed[needed.length - 1], STRAY * inner), 0.02, MAX_DISTANCE);
  const shift = [0, 1].map((axis) => middle(seen.map((p) => p[axis] / Math.max(0.1, 1 - p[2] / camera.distance))));
  camera.target = /** @type {[number, number, number]} */ (camera.target.map((value, i) => value + right[i] * shift[0] + up[i] * shift[1]));
}

/** Half way between the ends of nearly all values. @param {number[]} values */
function middle(values) {
  const sorted = values.sort((a, b) => a - b);
  const last = sorted.length - 1;
  return (sorted[Math.ceil(last * (1 - MOST))] + sorted[Math.floor(last * MOST)]) / 2;
}

/** @param {import("./positions.js").Positions} positions @param {import("./positions.js").Space} space @param {ArrayLike<number>} [rows] */
function sample(positions, space, rows) {
  const n = rows ? rows.length : positions.n;
  const step = Math.max(1, n / SAMPLE);
  const points = [];
  for (let i = 0; i < n; i += step) points.push(worldPoint(positions, space, rows ? rows[Math.floor(i)] : Math.floor(i)));
  return points.filter((point) => point.every(Number.isFinite));
}
