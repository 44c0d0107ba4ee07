// @ts-check
/** Long lines: smoothed, searched, thinned for drawing. Pure functions over typed arrays, NaN for what is missing. */

/**
 * Exponential moving average without the pull towards zero at its start, as TensorBoard draws it: each value by the
 * sum of the weights so far. What is not finite stays so and counts for nothing.
 * @param {Float64Array} values
 * @param {number} weight 0 (as they are) to below 1
 */
export function smooth(values, weight) {
  if (!(weight > 0)) return values;
  let last = 0;
  let pull = 1;
  return values.map((value) => {
    if (!Number.isFinite(value)) return NaN;
    last = last * weight + value * (1 - weight);
    pull *= weight;
    return last / (1 - pull);
  });
}

/**
 * Points that draw the same line as all of them: of each column of pixels the first, the extremes and the last.
 * @param {Float64Array} x ascending
 * @param {Float64Array} y
 * @param {(x: number) => number} toPixel
 * @param {[number, number]} range of x that is drawn
 * @returns {number[]} indices; between two pieces -1
 */
export function thinned(x, y, toPixel, [low, high]) {
  /** @type {number[]} */
  const kept = [];
  let column = NaN;
  let [first, least, most, last] = [-1, -1, -1, -1];
  const flush = () => {
    if (first >= 0) kept.push(...[...new Set([first, least, most, last])].sort((a, b) => a - b));
    first = -1;
  };
  const from = Math.max(0, lowerBound(x, low) - 1);
  const to = Math.min(x.length, lowerBound(x, high) + 2);
  for (let index = from; index < to; index += 1) {
    if (!Number.isFinite(y[index])) {
      flush();
      if (kept.length && kept[kept.length - 1] >= 0) kept.push(-1);
      continue;
    }
    const pixel = Math.round(toPixel(x[index]));
    if (pixel !== column) flush();
    column = pixel;
    if (first < 0) first = least = most = index;
    if (y[index] < y[least]) least = index;
    if (y[index] > y[most]) most = index;
    last = index;
  }
  flush();
  return kept;
}

/** The first index whose value is not below `wanted`. @param {ArrayLike<number>} values ascending @param {number} wanted */
export function lowerBound(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the value nearest to `wanted`; -1 without any. @param {ArrayLike<number>} values ascending @param {number} wanted */
export function nearestIndex(values, wanted) {
  const at = lowerBound(values, wanted);
  if (at >= values.length) return values.length - 1;
  return at > 0 && wanted - values[at - 1] <= values[at] - wanted ? at - 1 : at;
}
