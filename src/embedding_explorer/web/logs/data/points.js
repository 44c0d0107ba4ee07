// @ts-check
/** Points of a reduction as the map draws them, and the classes of their labels. Pure functions. */

/** @typedef {{points: number[][], labels: (string|number)[]}} Projection */

/** @param {any} answer of `projector_data` @param {string} step @returns {Projection} */
export function projectionOf(answer, step) {
  const [points, labels] = answer[step] ?? Object.values(answer)[0];
  return { points, labels };
}

/** Points of two or three dimensions as the map's positions. @param {number[][]} points @returns {import("../../core/positions.js").Positions} */
export function positionsOf(points) {
  const column = (/** @type {number} */ axis) => Float32Array.from(points, (point) => (Number.isFinite(point[axis]) ? point[axis] : 0));
  const [x, y, z] = [column(0), column(1), column(2)];
  const box = new Float32Array(6);
  [x, y, z].forEach((values, axis) => {
    box[axis] = values.reduce((low, value) => Math.min(low, value), Infinity);
    box[axis + 3] = values.reduce((high, value) => Math.max(high, value), -Infinity);
  });
  return { n: points.length, x, y, z, box };
}

/** The labels there are, the most frequent first, and which one each point has. @param {(string|number)[]} labels @returns {{classes: {label: string, total: number}[], index: Uint16Array}} */
export function classesOf(labels) {
  const totals = new Map();
  for (const label of labels) totals.set(String(label), (totals.get(String(label)) ?? 0) + 1);
  const numeric = [...totals.keys()].every((label) => label !== "" && Number.isFinite(Number(label)));
  const names = [...totals.keys()].sort((a, b) => (numeric ? Number(a) - Number(b) : totals.get(b) - totals.get(a) || (a < b ? -1 : 1)));
  const place = new Map(names.map((name, at) => [name, at]));
  return { classes: names.map((label) => ({ label, total: totals.get(label) })), index: Uint16Array.from(labels, (label) => place.get(String(label)) ?? 0xffff) };
}
