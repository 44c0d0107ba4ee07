// @ts-check
/** Histograms of several steps on the same bins, and their distributions. Pure functions. */

/** @typedef {[number, number, number]} Bucket left, right, count */
/** @typedef {{wall: number, step: number, low: number, high: number, buckets: Bucket[]}} Histogram */
/** @typedef {{low: number, high: number, width: number, rows: {step: number, wall: number, counts: Float64Array}[]}} Ridges */
/** @typedef {{step: number, wall: number, values: number[]}} Quantiles values at BASIS */

/** Basis points of a distribution: the median and one, two, three standard deviations of a normal one, and the ends. */
export const BASIS = [0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000];

/** @param {any[]} rows as `histogram` answers @returns {Histogram[]} */
export function histogramsOf(rows) {
  return rows.map(([wall, step, low, high, buckets]) => ({ wall, step, low, high, buckets }));
}

/** @param {any[]} rows as `distribution` answers @returns {Quantiles[]} */
export function quantilesOf(rows) {
  return rows.map(([wall, step, points]) => ({ wall, step, values: points.map((/** @type {[number, number|null]} */ point) => point[1] ?? NaN) }));
}

/**
 * All histograms on bins of equal width over the range of all of them. The counts of a bucket are spread evenly over it.
 * @param {Histogram[]} histograms
 * @param {number} bins
 * @returns {Ridges}
 */
export function ridgesOf(histograms, bins) {
  const finite = (/** @type {(each: Histogram) => number} */ read) => histograms.map(read).filter(Number.isFinite);
  let low = Math.min(...finite(({ low: value }) => value));
  let high = Math.max(...finite(({ high: value }) => value));
  if (!(low <= high)) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const width = (high - low) / bins;
  return { low, high, width, rows: histograms.map(({ step, wall, buckets }) => ({ step, wall, counts: spread(buckets, low, width, bins) })) };
}

/** @param {Bucket[]} buckets @param {number} low @param {number} width @param {number} bins */
function spread(buckets, low, width, bins) {
  const counts = new Float64Array(bins);
  const bin = (/** @type {number} */ value) => Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)));
  for (const [left, right, count] of buckets) {
    if (!(count > 0) || !Number.isFinite(left) || !Number.isFinite(right)) continue;
    if (!(right > left)) {
      counts[bin(left)] += count;
      continue;
    }
    for (let at = bin(left); at <= bin(right); at += 1) {
      const inside = Math.min(right, low + (at + 1) * width) - Math.max(left, low + at * width);
      if (inside > 0) counts[at] += (count * inside) / (right - left);
    }
  }
  return counts;
}
