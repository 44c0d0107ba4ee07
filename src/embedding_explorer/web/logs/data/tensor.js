// @ts-check
/** A tensor flattened to a matrix, and its box. Pure functions. */

/** @typedef {{shape: number[], least: number, most: number, mean: number, rows: (number|null)[][]}} Tensor */
/** @typedef {{up: number, q3: number, q2: number, q1: number, down: number, least: number, most: number}} Quartiles */

/** @param {any[]} answer shape, least, greatest, mean, matrix or list @returns {Tensor} */
export function tensorOf([shape, least, most, mean, flat]) {
  const rows = Array.isArray(flat?.[0]) ? flat : [flat ?? []];
  return { shape, least: least ?? NaN, most: most ?? NaN, mean: mean ?? NaN, rows };
}

/** Quartiles by the midpoint rule and whiskers of 1.5 times their distance (contract, 7.5). @param {(number|null)[]} values @returns {Quartiles|null} */
export function quartiles(values) {
  const sorted = /** @type {number[]} */ (values.filter((value) => value !== null && Number.isFinite(value))).sort((a, b) => a - b);
  if (!sorted.length) return null;
  const at = (/** @type {number} */ part) => {
    const rank = part * (sorted.length - 1);
    return (sorted[Math.floor(rank)] + sorted[Math.ceil(rank)]) / 2;
  };
  const [q1, q2, q3, least, most] = [at(0.25), at(0.5), at(0.75), sorted[0], sorted[sorted.length - 1]];
  const reach = 1.5 * (q3 - q1);
  return { q1, q2, q3, least, most, up: Math.min(q3 + reach, most), down: Math.max(q1 - reach, least) };
}
