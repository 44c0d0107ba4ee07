// @ts-check
/** The flag byte of each image: what is visible, selected, found. Pure. */
import { DIMMED, MATCH, NEIGHBOUR, SELECTED, VISIBLE } from "../../core/flags.js";

/**
 * @typedef {object} Marks
 * @property {Uint16Array|null} classes class of each image
 * @property {Set<number>} hidden classes that are not shown
 * @property {ArrayLike<number>|null} values numeric column
 * @property {[number, number]|null} range of its values that are shown
 * @property {Iterable<number>} selected rows
 * @property {Iterable<number>|null} matches rows found by a search; null while nothing is searched for
 * @property {Iterable<number>} neighbours rows
 * @property {Iterable<number>} [faded] rows that the map one glides to does not have
 * @property {boolean} [gone] it has arrived there: they are not shown
 */

/**
 * Compose all flags.
 * @param {Uint8Array} flags written over
 * @param {Marks} marks
 * @returns {number} how many images are visible
 */
export function compose(flags, marks) {
  const visible = writeVisible(flags, marks);
  for (const row of marks.selected) flags[row] |= SELECTED;
  for (const row of marks.neighbours) flags[row] |= NEIGHBOUR;
  if (marks.matches) markMatches(flags, marks.matches);
  return visible - fade(flags, marks);
}

/** @param {Uint8Array} flags @param {Marks} marks */
function writeVisible(flags, { classes, hidden, values, range }) {
  const out = hiddenTable(hidden);
  let visible = 0;
  for (let row = 0; row < flags.length; row += 1) {
    const shown = (!classes || !out[classes[row]]) && (!values || !range || (values[row] >= range[0] && values[row] <= range[1]));
    flags[row] = shown ? VISIBLE : 0;
    visible += shown ? 1 : 0;
  }
  return visible;
}

/** @param {Uint8Array} flags @param {Marks} marks @returns {number} how many are no longer visible */
function fade(flags, { faded = [], gone = false }) {
  let lost = 0;
  for (const row of faded) {
    if (gone && flags[row] & VISIBLE) lost += 1;
    flags[row] = gone ? flags[row] & ~VISIBLE : flags[row] | DIMMED;
  }
  return lost;
}

/** A table is faster than a Set for 200,000 look-ups. @param {Set<number>} hidden */
function hiddenTable(hidden) {
  const table = new Uint8Array(65_536);
  for (const index of hidden) table[index] = 1;
  return table;
}

/** @param {Uint8Array} flags @param {Iterable<number>} matches */
function markMatches(flags, matches) {
  for (const row of matches) flags[row] |= MATCH;
  for (let row = 0; row < flags.length; row += 1) if (!(flags[row] & MATCH)) flags[row] |= DIMMED;
}

/** Rows whose flags hold `bit`. @param {Uint8Array} flags @param {number} bit @returns {Uint32Array} */
export function rowsWith(flags, bit) {
  const rows = new Uint32Array(flags.length);
  let length = 0;
  for (let row = 0; row < flags.length; row += 1) if (flags[row] & bit) rows[length++] = row;
  return rows.slice(0, length);
}
