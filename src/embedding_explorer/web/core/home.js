// @ts-check
/** The view in which a map opens: all of it, seen from the front, a little from the left and from above. */
import { Camera, clamp, focalLength, MAX_DISTANCE } from "./camera.js";
import { worldPoint } from "./positions.js";

const YAW = (-24 * Math.PI) / 180;
const PITCH = (16 * Math.PI) / 180;
const SAMPLE = 6000;
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
  const points = sample(positions, space, rows);
  if (points[0].length === 0) return camera;
  if (camera.flat) points[2].fill(0);
  camera.target = /** @type {[number, number, number]} */ (points.map(middle));
  // Perspective moves the middle a little; twice corrected is near enough.
  for (let round = 0; round < 3; round += 1) fit(camera, points, viewport, margin);
  return camera;
}

/** @param {Camera} camera @param {Float64Array[]} points @param {{width: number, height: number}} viewport @param {number} margin */
function fit(camera, points, viewport, margin) {
  const { right, up, back } = camera.axes();
  const focal = focalLength(viewport);
  const free = [margin, margin + FOOT];
  const half = [viewport.width, viewport.height].map((side, axis) => Math.max(side / 4, side / 2 - free[axis]) / focal);
  const [r, u, b] = [right, up, back].map((axis) => along(axis, points, camera.target));
  const needed = b.map((depth, i) => depth + Math.max(Math.abs(r[i]) / half[0], Math.abs(u[i]) / half[1])).sort();
  const inner = needed[Math.floor((needed.length - 1) * MOST)];
  camera.distance = clamp(Math.min(needed[needed.length - 1], STRAY * inner), 0.02, MAX_DISTANCE);
  const shift = [r, u].map((side) => middle(side.map((value, i) => value / Math.max(0.1, 1 - b[i] / camera.distance))));
  camera.target = /** @type {[number, number, number]} */ (camera.target.map((value, i) => value + right[i] * shift[0] + up[i] * shift[1]));
}

/** How far points lie in a direction. @param {ArrayLike<number>} axis @param {Float64Array[]} points @param {ArrayLike<number>} origin */
function along(axis, [x, y, z], origin) {
  return x.map((_, i) => axis[0] * (x[i] - origin[0]) + axis[1] * (y[i] - origin[1]) + axis[2] * (z[i] - origin[2]));
}

/** Half way between the ends of nearly all values. @param {Float64Array} values */
function middle(values) {
  const sorted = values.slice().sort();
  const last = sorted.length - 1;
  return (sorted[Math.ceil(last * (1 - MOST))] + sorted[Math.floor(last * MOST)]) / 2;
}

/**
 * The x, y and z of some points. In typed arrays: this is done whenever the window changes its size.
 * @param {import("./positions.js").Positions} positions
 * @param {import("./positions.js").Space} space
 * @param {ArrayLike<number>} [rows]
 */
function sample(positions, space, rows) {
  const n = rows ? rows.length : positions.n;
  const step = Math.max(1, n / SAMPLE);
  const points = [0, 1, 2].map(() => new Float64Array(Math.ceil(n / step)));
  let length = 0;
  for (let i = 0; i < n; i += step) {
    const point = worldPoint(positions, space, rows ? rows[Math.floor(i)] : Math.floor(i));
    if (!point.every(Number.isFinite)) continue;
    for (let axis = 0; axis < 3; axis += 1) points[axis][length] = point[axis];
    length += 1;
  }
  return points.map((values) => values.slice(0, length));
}
