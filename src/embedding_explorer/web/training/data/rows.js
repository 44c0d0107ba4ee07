// @ts-check
/** Rows of the home page's tables: found, grouped, and their figures put into words. Pure functions. */
import { figure } from "../../ui/format.js";

/** @typedef {Record<string, any>} Row of `completed_jobs.json` */

/**
 * Those that hold every word in name, group, owner, id or status.
 * @param {Row[]} rows
 * @param {string} text
 */
export function found(rows, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (/** @type {Row} */ row) => [row.name, row.group, row.username, row.id, row.status, row.extension].join(" ").toLowerCase();
  return words.length ? rows.filter((row) => words.every((word) => holds(row).includes(word))) : rows;
}

/**
 * Rows by group, groups by name, those without one last; the order within is kept.
 * @param {Row[]} rows
 * @returns {[string, Row[]][]}
 */
export function grouped(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.group ?? "", [...(groups.get(row.group ?? "") ?? []), row]);
  return [...groups.entries()].sort(([a], [b]) => Number(a === "") - Number(b === "") || a.localeCompare(b));
}

/**
 * What matters of a model's figures: last and best of validation, of training where there is none.
 * @param {Row} row
 * @returns {{name: string, last: string, best: string}[]}
 */
export function figures(row) {
  const shown = [];
  for (const [metric, best] of [["accuracy", "max"], ["loss", "min"]]) {
    const phase = ["val", "train"].find((each) => typeof row[`${metric} (${each}) last`] === "number");
    if (!phase) continue;
    const say = (/** @type {string} */ which) => value(metric, row[`${metric} (${phase}) ${which}`]);
    shown.push({ name: phase === "val" ? metric : `${metric} (train)`, last: say("last"), best: say(best) });
  }
  return shown;
}

/** @param {string} metric @param {number} number */
function value(metric, number) {
  if (metric === "accuracy") return `${(100 * number).toFixed(1)} %`;
  return Math.abs(number) < 1e6 ? figure(number) : number.toExponential(1).replace("e+", "e"); // of a training that went astray
}

/** Ids of the rows that are chosen and still there. @param {Set<string>} chosen @param {Row[]} rows */
export function stillThere(chosen, rows) {
  const ids = new Set(rows.map(({ id }) => id));
  return new Set([...chosen].filter((id) => ids.has(id)));
}
