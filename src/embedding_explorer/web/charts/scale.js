// @ts-check
/** Axes: extents, ticks at round numbers, and the way from values to pixels. Pure functions. */

/** @typedef {{low: number, high: number}} Extent */
/** @typedef {(value: number) => number} Scale */

const STEPS = [1, 2, 5, 10];

/**
 * Least and greatest of what is finite; null without any.
 * @param {Iterable<number|null>} values
 * @returns {Extent|null}
 */
export function extentOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : null;
}

/**
 * A distance between ticks, 1, 2 or 5 times a power of ten, so that about `count` of them fit.
 * @param {number} span
 * @param {number} count
 */
export function niceStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.find((each) => each * power >= rough * 0.999) ?? 10;
  return step * power;
}

/**
 * Round numbers within an extent, ascending.
 * @param {Extent} extent
 * @param {number} count about how many
 * @returns {number[]}
 */
export function ticks({ low, high }, count) {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Multiples of the step, without the dust of floating point.
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/**
 * Powers of ten within an extent of positive numbers; with their halves and fifths where there are few.
 * @param {Extent} extent
 * @returns {number[]}
 */
export function logTicks({ low, high }) {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const factors = to - from > 3 ? [1] : [1, 2, 5];
  const skip = Math.max(1, Math.ceil((to - from) / 8));
  const found = [];
  for (let power = from; power <= to; power += skip) for (const factor of factors) found.push(Number((factor * 10 ** power).toPrecision(6)));
  const inside = found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  return inside.length ? inside : [low];
}

/**
 * A little room around an extent, so that no line runs along the frame; never across zero from above.
 * @param {Extent} extent
 * @returns {Extent}
 */
export function padded({ low, high }) {
  const room = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1;
  return { low: low >= 0 && low - room < 0 ? 0 : low - room, high: high + room };
}

/**
 * @param {Extent} domain
 * @param {[number, number]} range pixels
 * @param {boolean} [log]
 * @returns {Scale}
 */
export function scale({ low, high }, [from, to], log = false) {
  const place = log ? Math.log10 : (/** @type {number} */ value) => value;
  const start = place(low);
  const span = place(high) - start || 1;
  return (value) => from + ((place(value) - start) / span) * (to - from);
}
