// @ts-check
/** Scalars over time: read, put on an axis, written as CSV. Pure functions. */

/** @typedef {{step: Float64Array, wall: Float64Array, value: Float64Array}} Scalars NaN where the log has no finite number */
/** @typedef {"step"|"relative"|"wall"} Axis */
/** @typedef {{x: Float64Array, y: Float64Array, step: Float64Array, wall: Float64Array}} Placed x ascending */

/** @param {[number, number, number|null][]} triples wall time, step, value @returns {Scalars} */
export function scalarsOf(triples) {
  const column = (/** @type {number} */ index) => Float64Array.from(triples, (triple) => /** @type {number} */ (triple[index] ?? NaN));
  return { wall: column(0), step: column(1), value: column(2) };
}

/**
 * Scalars on an axis. A training that began again at an earlier step wrote the steps after it once more: on the axis of
 * steps the later ones count.
 * @param {Scalars} scalars
 * @param {Axis} axis
 * @returns {Placed}
 */
export function placed({ step, wall, value }, axis) {
  const order = axis === "step" ? lastWritten(step) : byTime(wall);
  const pick = (/** @type {Float64Array} */ column) => (order ? Float64Array.from(order, (index) => column[index]) : column);
  const [steps, walls, values] = [pick(step), pick(wall), pick(value)];
  const x = axis === "step" ? steps : axis === "wall" ? walls : walls.map((time) => time - walls[0]);
  return { x, y: values, step: steps, wall: walls };
}

/** Whether values never fall, as in most logs: then they need no order. @param {Float64Array} values */
function ascends(values) {
  return values.every((value, index) => index === 0 || value >= values[index - 1]);
}

/** @param {Float64Array} step @returns {number[]|null} null for all as they are */
function lastWritten(step) {
  if (ascends(step)) return null;
  /** @type {number[]} */
  const kept = [];
  for (let index = 0; index < step.length; index += 1) {
    if (kept.length && step[index] < step[kept[kept.length - 1]]) {
      while (kept.length && step[kept[kept.length - 1]] >= step[index]) kept.pop();
    }
    kept.push(index);
  }
  return kept;
}

/** @param {Float64Array} wall @returns {number[]|null} null for all as they are */
function byTime(wall) {
  return ascends(wall) ? null : Array.from(wall.keys()).sort((a, b) => wall[a] - wall[b]);
}

/**
 * Runs of a tag as a table, as the log has them.
 * @param {{run: string, scalars: Scalars}[]} runs
 */
export function csvOf(runs) {
  const rows = ["run,wall_time,step,value"];
  for (const { run, scalars } of runs) {
    const name = quoted(run);
    for (let index = 0; index < scalars.step.length; index += 1) {
      rows.push(`${name},${scalars.wall[index]},${scalars.step[index]},${scalars.value[index]}`);
    }
  }
  return `${rows.join("\r\n")}\r\n`;
}

/** A cell of CSV (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe. @param {string} text */
export function quoted(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** A file's name from a tag. @param {string} tag */
export function fileName(tag) {
  return tag.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 80) || "scalars";
}
