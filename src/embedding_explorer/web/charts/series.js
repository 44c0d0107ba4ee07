// @ts-check
/** Lines of a chart as values: read, smoothed, searched, told in words. Pure functions. */
import { figure } from "../ui/format.js";

/**
 * @typedef {object} Series
 * @property {string} id
 * @property {string} name
 * @property {number[]} x ascending
 * @property {(number|null)[]} y null for a missing point
 * @property {"left"|"right"} axis
 * @property {string} [unit] behind its numbers
 */

/**
 * The lines of a graph in the shape of the training API: lists that begin with their id, `xs` from a line's id to that
 * of its x values, `axes` with "y2" for the second axis. A missing point is the string "none".
 * @param {{columns: any[][], xs: Record<string, string>, axes?: Record<string, string>, names?: Record<string, string>}|null} graph
 * @returns {Series[]}
 */
export function seriesOf(graph) {
  if (!graph) return [];
  const columns = new Map(graph.columns.map(([id, ...values]) => [id, values]));
  return Object.entries(graph.xs).filter(([id, x]) => columns.has(id) && columns.has(x)).map(([id, x]) => ({
    id,
    name: graph.names?.[id] ?? id,
    x: /** @type {any[]} */ (columns.get(x)).map(Number),
    y: /** @type {any[]} */ (columns.get(id)).map((value) => (typeof value === "number" ? value : null)),
    axis: graph.axes?.[id] === "y2" ? "right" : "left",
    unit: graph.axes?.[id] === "y2" ? " %" : "",
  }));
}

/**
 * Exponential moving average whose start is not pulled towards zero. Missing points stay missing.
 * @param {(number|null)[]} values
 * @param {number} weight 0 (as they are) to 1
 * @returns {(number|null)[]}
 */
export function smoothed(values, weight) {
  if (!(weight > 0)) return values;
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    sum = sum * weight + value * (1 - weight);
    total = total * weight + (1 - weight);
    return sum / total;
  });
}

/**
 * Index of the value nearest to `x` in ascending numbers; -1 without any.
 * @param {number[]} xs
 * @param {number} x
 */
export function nearest(xs, x) {
  let low = 0;
  let high = xs.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle;
    else high = middle;
  }
  return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
}

/**
 * All x values of some lines, ascending, each once.
 * @param {Series[]} lines
 */
export function positions(lines) {
  return [...new Set(lines.flatMap(({ x }) => x))].sort((a, b) => a - b);
}

/**
 * What the lines say at `x`: of each the point nearest to it.
 * @param {Series[]} lines
 * @param {number} x
 * @returns {{line: Series, x: number, y: number}[]}
 */
export function readout(lines, x) {
  const found = [];
  for (const line of lines) {
    const index = nearest(line.x, x);
    const y = line.y[index];
    if (index >= 0 && y !== null && y !== undefined) found.push({ line, x: line.x[index], y });
  }
  return found;
}

/**
 * A line in a sentence, for those who do not see it.
 * @param {Series} line
 * @param {string} xName
 */
export function inWords({ name, x, y, unit = "" }, xName) {
  const known = y.map((value, index) => [x[index], value]).filter(([, value]) => value !== null && Number.isFinite(value));
  if (!known.length) return `${name}: no values yet.`;
  const [firstX, first] = /** @type {[number, number]} */ (known[0]);
  const [lastX, last] = /** @type {[number, number]} */ (known[known.length - 1]);
  const least = known.reduce((best, each) => (each[1] < best[1] ? each : best));
  const most = known.reduce((best, each) => (each[1] > best[1] ? each : best));
  const say = (/** @type {number} */ value) => `${figure(value)}${unit}`;
  return `${name}: ${say(first)} at ${xName} ${figure(firstX)}, ${say(last)} at ${xName} ${figure(lastX)}; ` +
    `least ${say(/** @type {number} */ (least[1]))} at ${figure(/** @type {number} */ (least[0]))}, greatest ${say(/** @type {number} */ (most[1]))} at ${figure(/** @type {number} */ (most[0]))}.`;
}

/**
 * The parts of a line between missing points, as pairs of pixels.
 * @param {Series} line
 * @param {(value: number) => number} toX
 * @param {(value: number) => number} toY
 * @returns {[number, number][][]}
 */
export function pieces(line, toX, toY) {
  const found = /** @type {[number, number][][]} */ ([]);
  let piece = /** @type {[number, number][]} */ ([]);
  line.y.forEach((value, index) => {
    const y = value === null ? NaN : toY(value);
    if (Number.isFinite(y)) piece.push([toX(line.x[index]), y]);
    else if (piece.length) {
      found.push(piece);
      piece = [];
    }
  });
  if (piece.length) found.push(piece);
  return found;
}

/** Pixels as the `d` of a path. @param {[number, number][]} points */
export function pathOf(points) {
  return points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}
