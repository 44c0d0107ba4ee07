// @ts-check
/** What a legend of classes shows: sorted, searched, hidden. Pure functions over plain values. */

/** Index that stands for "none" in a category column. */
export const NONE = 0xffff;

/** @typedef {{index: number, name: string, count: number}} LegendClass */

/**
 * The classes of a category column, the largest first; what has no class last.
 * @param {{values: string[], counts: number[], name: string}} meta
 * @param {number} total images of the dataset
 * @returns {LegendClass[]}
 */
export function classesOf(meta, total) {
  const classes = meta.values.map((name, index) => ({ index, name: name === "" ? "(empty)" : name, count: meta.counts[index] ?? 0 }));
  classes.sort((a, b) => b.count - a.count || compareNames(a.name, b.name));
  const rest = total - classes.reduce((sum, each) => sum + each.count, 0);
  if (rest > 0) classes.push({ index: NONE, name: meta.name === "cluster" ? "in no cluster" : `no ${meta.name}`, count: rest });
  return classes;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** "9" before "10". @param {string} a @param {string} b */
export function compareNames(a, b) {
  return collator.compare(a, b);
}

/**
 * Classes whose name holds `text`.
 * @param {LegendClass[]} classes
 * @param {string} text
 */
export function filterClasses(classes, text) {
  const wanted = text.trim().toLowerCase();
  return wanted ? classes.filter((each) => each.name.toLowerCase().includes(wanted)) : classes;
}

/**
 * By name, or as they come, the largest first; what has no class stays last.
 * @param {LegendClass[]} classes
 * @param {boolean} byName
 */
export function sortClasses(classes, byName) {
  if (!byName) return classes;
  return [...classes].sort((a, b) => Number(a.index === NONE) - Number(b.index === NONE) || compareNames(a.name, b.name));
}

/**
 * The hidden classes after a click on one: it is isolated, or everything is shown again if it already was.
 * @param {LegendClass[]} classes
 * @param {Set<number>} hidden
 * @param {number} index
 * @returns {Set<number>}
 */
export function isolate(classes, hidden, index) {
  const alone = !hidden.has(index) && hidden.size === classes.length - 1;
  return alone ? new Set() : new Set(classes.filter((each) => each.index !== index).map((each) => each.index));
}

/**
 * The hidden classes after one was switched on or off. Hiding the last one shows all: an empty map helps nobody.
 * @param {LegendClass[]} classes
 * @param {Set<number>} hidden
 * @param {number} index
 * @returns {Set<number>}
 */
export function toggle(classes, hidden, index) {
  const next = new Set(hidden);
  if (!next.delete(index)) next.add(index);
  return next.size >= classes.length ? new Set() : next;
}

/**
 * Hidden classes as the address has them: whichever list is shorter. NONE is written as 65535.
 * @param {LegendClass[]} classes
 * @param {Set<number>} hidden
 * @returns {{only: number[]|null, hide: number[]|null}}
 */
export function toLists(classes, hidden) {
  if (hidden.size === 0) return { only: null, hide: null };
  const shown = classes.filter((each) => !hidden.has(each.index)).map((each) => each.index);
  return shown.length < hidden.size ? { only: shown, hide: null } : { only: null, hide: [...hidden] };
}

/**
 * The inverse of `toLists`.
 * @param {LegendClass[]} classes
 * @param {{only: number[]|null, hide: number[]|null}} lists
 * @returns {Set<number>}
 */
export function fromLists(classes, { only, hide }) {
  const known = classes.map((each) => each.index);
  const hidden = only ? known.filter((index) => !only.includes(index)) : known.filter((index) => hide?.includes(index));
  return hidden.length === known.length ? new Set() : new Set(hidden);
}

/**
 * Which entries of a long list are within the window of a scrolled box, with some spare.
 * @param {number} scroll px
 * @param {number} height px of the box
 * @param {number} rowHeight px
 * @param {number} length of the list
 * @returns {[number, number]} first, one past the last
 */
export function windowOf(scroll, height, rowHeight, length, spare = 6) {
  const first = Math.max(0, Math.floor(scroll / rowHeight) - spare);
  const last = Math.min(length, Math.ceil((scroll + height) / rowHeight) + spare);
  return [Math.min(first, length), last];
}

/**
 * Counts of a numeric column in equal steps of its range.
 * @param {ArrayLike<number>} values
 * @param {[number, number]} range
 * @param {number} bins
 * @returns {Uint32Array}
 */
export function histogram(values, [low, high], bins) {
  const counts = new Uint32Array(bins);
  const scale = high > low ? bins / (high - low) : 0;
  for (let row = 0; row < values.length; row += 1) {
    const bin = Math.floor((values[row] - low) * scale);
    if (bin >= 0) counts[Math.min(bins - 1, bin)] += 1; // NaN fails the comparison
  }
  return counts;
}
