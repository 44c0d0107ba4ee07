// @ts-check
/**
 * Rows along a space-filling curve (Z-order; Morton, "A computer oriented geodetic data base", 1966). Neighbours on the curve
 * are neighbours on the screen, so drawing along it stays within the processor's cache: half the time of drawing by row.
 */
import { counting } from "./permutation.js";

const BITS = 8;
const RADIX = 12;

/**
 * @param {import("./positions.js").Positions} positions
 * @returns {Uint32Array} all rows, in the order of the curve
 */
export function spatialOrder(positions) {
  const keys = mortonKeys(positions);
  return sortedBy(keys, sortedBy(keys, counting(positions.n), 0), RADIX);
}

/** @param {import("./positions.js").Positions} positions @returns {Uint32Array} keys of 24 bits */
function mortonKeys({ n, x, y, z, box }) {
  const keys = new Uint32Array(n);
  [x, y, z].forEach((column, axis) => {
    const raw = column instanceof Uint16Array;
    const low = raw ? 0 : box[axis];
    const scale = (1 << BITS) / ((raw ? 65536 : box[axis + 3] - box[axis]) || 1);
    for (let i = 0; i < n; i += 1) keys[i] |= spread(Math.min((1 << BITS) - 1, (column[i] - low) * scale)) << axis;
  });
  return keys;
}

/** Two empty bits after each of eight. @param {number} value */
function spread(value) {
  let v = value | 0;
  v = (v | (v << 8)) & 0xf00f;
  v = (v | (v << 4)) & 0xc30c3;
  return (v | (v << 2)) & 0x249249;
}

/** One pass of a radix sort, which keeps the order of equals. @param {Uint32Array} keys @param {Uint32Array} rows @param {number} shift */
function sortedBy(keys, rows, shift) {
  const mask = (1 << RADIX) - 1;
  const starts = new Uint32Array(mask + 2);
  for (const row of rows) starts[((keys[row] >>> shift) & mask) + 1] += 1;
  for (let i = 1; i < starts.length; i += 1) starts[i] += starts[i - 1];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) {
    const digit = (keys[row] >>> shift) & mask;
    sorted[starts[digit]] = row;
    starts[digit] += 1;
  }
  return sorted;
}

/** The place of each row. @param {Uint32Array} rows row at each place @returns {Uint32Array} */
export function inverse(rows) {
  const places = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) places[rows[i]] = i;
  return places;
}

/**
 * A column in another order.
 * @template {Uint8Array|Uint16Array|Uint32Array|Float32Array} T
 * @param {T} column by row
 * @param {Uint32Array} rows row at each place
 * @returns {T}
 */
export function arranged(column, rows) {
  const result = /** @type {T} */ (new /** @type {any} */ (column.constructor)(rows.length));
  for (let i = 0; i < rows.length; i += 1) result[i] = column[rows[i]];
  return result;
}
