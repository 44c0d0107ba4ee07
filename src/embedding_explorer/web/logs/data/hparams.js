// @ts-check
/** Hyper-parameters and metrics of sessions as columns: sorted, filtered, put on axes. Pure functions. */
import { extentOf } from "../../charts/scale.js";

const LOG_FROM = 50; // greatest by least: learning rates and the like

/** @typedef {number|string|boolean|null} Value */
/**
 * @typedef {object} Column
 * @property {string} name unique
 * @property {string} label
 * @property {"hparam"|"metric"} kind
 * @property {Value[]} values one for each session
 * @property {string[]|null} names of what is no number, in order; null for numbers
 * @property {number[]} places on its axis, NaN for none
 * @property {{low: number, high: number}} extent of the axis
 * @property {boolean} log whether the axis had better be logarithmic
 */
/** @typedef {{names: string[], columns: Column[]}} Sessions names: of the sessions, with their run */
/** @typedef {Record<string, {range: [number, number]}>} Filters by name of column; places on its axis */

/** Sessions of several runs under one head. @param {{run: string, data: any}[]} answers of `hyperparm` @returns {Sessions} */
export function sessionsOf(answers) {
  /** @type {string[]} */
  const names = [];
  /** @type {Map<string, {kind: "hparam"|"metric", label: string, values: Map<number, Value>}>} */
  const columns = new Map();
  const put = (/** @type {"hparam"|"metric"} */ kind, /** @type {string} */ label, /** @type {number} */ row, /** @type {Value} */ value) => {
    const name = `${kind} ${label}`;
    const column = columns.get(name) ?? { kind, label, values: new Map() };
    columns.set(name, column);
    column.values.set(row, value);
  };
  for (const { run, data } of answers.filter((each) => each.data)) {
    const first = names.length;
    for (const entry of data.hparamsInfo ?? []) {
      const [[group, session]] = /** @type {[string, any][]} */ (Object.entries(entry));
      for (const { name, data: value } of session.hparams) put("hparam", name, names.length, value);
      names.push(answers.length > 1 && group !== run ? `${run} / ${group}` : group);
    }
    for (const { tag, value } of data.metrics ?? []) value.forEach((/** @type {Value} */ each, /** @type {number} */ index) => put("metric", tag, first + index, each));
  }
  const made = [...columns].map(([name, { kind, label, values }]) => columnOf(name, kind, label, names.map((_, row) => values.get(row) ?? null)));
  // Parameters come in any order, metrics in that of the log.
  const order = (/** @type {Column} */ a, /** @type {Column} */ b) => (a.kind !== b.kind ? (a.kind === "hparam" ? -1 : 1) : a.kind === "hparam" ? a.label.localeCompare(b.label, "en", { numeric: true }) : 0);
  return { names, columns: made.sort(order) };
}

/** @param {string} name @param {"hparam"|"metric"} kind @param {string} label @param {Value[]} values @returns {Column} */
function columnOf(name, kind, label, values) {
  const known = values.filter((value) => value !== null);
  const numeric = known.every((value) => typeof value === "number");
  const names = numeric ? null : [...new Set(known.map(String))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const places = values.map((value) => (value === null ? NaN : names ? names.indexOf(String(value)) : Number(value)));
  const extent = extentOf(places) ?? { low: 0, high: 1 };
  const wide = extent.high > extent.low ? extent : { low: extent.low - 0.5, high: extent.high + 0.5 };
  const log = kind === "hparam" && !names && extent.low > 0 && extent.high / extent.low >= LOG_FROM;
  return { name, label, kind, values, names, places, extent: wide, log };
}

/** Which sessions pass all filters. @param {Sessions} sessions @param {Filters} filters @returns {boolean[]} */
export function passing({ names, columns }, filters) {
  const active = columns.filter(({ name }) => filters[name]);
  return names.map((_, row) => active.every(({ name, places }) => {
    const [low, high] = filters[name].range;
    return places[row] >= low && places[row] <= high;
  }));
}

/** Rows in the order of a column; those without a value come last. @param {Sessions} sessions @param {string|null} by @param {number} way 1 or -1 @returns {number[]} */
export function sorted({ names, columns }, by, way) {
  const rows = [...names.keys()];
  const column = columns.find(({ name }) => name === by);
  if (!column) return by === "" ? rows.sort((a, b) => way * names[a].localeCompare(names[b], "en", { numeric: true })) : rows;
  return rows.sort((a, b) => {
    const [left, right] = [column.places[a], column.places[b]];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
    return way * (left - right);
  });
}
