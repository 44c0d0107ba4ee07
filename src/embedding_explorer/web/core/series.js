// @ts-check
/** Maps of the same images at several moments of a training, and what lies between two of them. Pure. */
import { spaceOf } from "./positions.js";

/** @typedef {import("./positions.js").Positions} Positions */

// Maps whose sizes differ by more are drawn each as large as the world: else the early ones would be a dot.
const ALIKE = 2.5;
const WORLD = [-1, -1, -1, 1, 1, 1];

/**
 * The box that all maps share, so that growing is seen as growing; null where their sizes are too unlike.
 * @param {ArrayLike<number>[]} boxes
 * @returns {Float32Array|null}
 */
export function commonBox(boxes) {
  const sides = boxes.map((box) => Math.max(...[0, 1, 2].map((axis) => box[axis + 3] - box[axis])));
  if (!boxes.length || Math.max(...sides) > ALIKE * Math.min(...sides)) return null;
  return Float32Array.from(WORLD, (_, i) => (i < 3 ? Math.min : Math.max)(...boxes.map((box) => box[i])));
}

/**
 * Positions in world coordinates.
 * @param {Positions} positions
 * @param {ArrayLike<number>|null} box that spans the world; null for the map's own
 * @returns {Positions}
 */
export function worldPlaces(positions, box) {
  const { scale, offset } = spaceOf(positions, box ?? positions.box);
  const axis = (/** @type {"x"|"y"|"z"} */ name, /** @type {number} */ i) => Float32Array.from(positions[name], (value) => value * scale[i] + offset[i]);
  return { n: positions.n, x: axis("x", 0), y: axis("y", 1), z: axis("z", 2), box: Float32Array.from(WORLD) };
}

/**
 * Between which two maps a moment lies, and how far it is from the first to the second.
 * @param {number} moment 0 for the first map, `count - 1` for the last
 * @param {number} count
 * @returns {{from: number, to: number, t: number}}
 */
export function between(moment, count) {
  const at = Math.min(count - 1, Math.max(0, moment));
  const from = Math.max(0, Math.min(count - 2, Math.floor(at)));
  return { from, to: Math.min(from + 1, count - 1), t: at - from };
}

/** The epoch at a moment. @param {number[]} epochs @param {number} moment */
export function epochAt(epochs, moment) {
  const { from, to, t } = between(moment, epochs.length);
  return epochs[from] + t * (epochs[to] - epochs[from]);
}

/** The map whose epoch is nearest. @param {number[]} epochs ascending @param {number} epoch @returns {number} its index */
export function nearestMap(epochs, epoch) {
  return epochs.reduce((best, each, index) => (Math.abs(each - epoch) < Math.abs(epochs[best] - epoch) ? index : best), 0);
}
