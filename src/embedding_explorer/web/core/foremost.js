// @ts-check
/** Which images on the screen are large enough for something, the foremost first. */
import { ORDER, VISIBLE } from "./flags.js";

const BINS = 1024;

/**
 * @param {import("./picking.js").Projected} points
 * @param {Uint8Array} flags
 * @param {object} wish
 * @param {{width: number, height: number}} wish.viewport
 * @param {import("./picking.js").Sizing} wish.sizing
 * @param {number} wish.from least size in pixels
 * @param {number} wish.most how many at most
 * @returns {Uint32Array} indices into the points, the foremost first
 */
export function foremost(points, flags, { viewport, sizing, from, most }) {
  const found = most > 0 ? largeEnough(points, flags, { viewport, sizing, from }) : new Uint32Array(0);
  const order = (/** @type {number} */ i) => points.depth[i] * ORDER[flags[i]];
  return sortedBy(found.length > most ? roughly(found, order, most) : found, order).subarray(0, most);
}

/**
 * Visible images on the screen whose pictures have `from` pixels or more.
 * @param {import("./picking.js").Projected} points
 * @param {Uint8Array} flags
 * @param {{viewport: {width: number, height: number}, sizing: import("./picking.js").Sizing, from: number}} wish
 */
export function largeEnough(points, flags, { viewport, sizing, from }) {
  if (sizing.high < from) return new Uint32Array(0);
  return onScreen(points, flags, viewport, sizing.high / 2, sizing.low >= from ? Infinity : sizing.unit / from);
}

/**
 * Visible images whose pictures touch the screen.
 * @param {import("./picking.js").Projected} points
 * @param {Uint8Array} flags
 * @param {{width: number, height: number}} viewport
 * @param {number} margin
 * @param {number} deepest
 */
export function onScreen({ x, y, depth, near, n }, flags, { width, height }, margin, deepest) {
  const found = new Uint32Array(n);
  const [right, bottom] = [width + margin, height + margin];
  let length = 0;
  for (let i = 0; i < n; i += 1) {
    const w = depth[i];
    if (w < near || w > deepest || !(flags[i] & VISIBLE)) continue;
    if (x[i] > -margin && x[i] < right && y[i] > -margin && y[i] < bottom) found[length++] = i;
  }
  return found.slice(0, length);
}

/**
 * At least the `most` foremost, and few more: a histogram is much faster than to sort all. Where very many are about as deep,
 * as in a flat map, the bin in which the line is drawn is divided again.
 * @param {Uint32Array} found
 * @param {(i: number) => number} order
 * @param {number} most fewer than were found
 * @returns {Uint32Array}
 */
function roughly(found, order, most) {
  let low = Infinity, high = -Infinity;
  for (const i of found) {
    const key = order(i);
    if (key < low) low = key;
    if (key > high) high = key;
  }
  if (high === low) return found.subarray(0, most);
  const bin = (/** @type {number} */ i) => Math.floor(((order(i) - low) / (high - low)) * (BINS - 1));
  const counts = new Uint32Array(BINS);
  for (const i of found) counts[bin(i)] += 1;
  let last = 0, before = 0;
  for (; before + counts[last] < most; last += 1) before += counts[last];
  if (counts[last] <= most) return found.filter((i) => bin(i) <= last);
  const rest = roughly(found.filter((i) => bin(i) === last), order, most - before);
  return Uint32Array.of(...found.filter((i) => bin(i) < last), ...rest);
}

/** @param {Uint32Array} indices @param {(i: number) => number} order */
function sortedBy(indices, order) {
  const keys = Float32Array.from(indices, order);
  const ranks = Uint32Array.from(indices, (_, k) => k).sort((a, b) => keys[a] - keys[b] || a - b);
  return ranks.map((k) => indices[k]);
}
