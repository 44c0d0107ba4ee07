// @ts-check
/** Palette and palette index of every image, for each way of colouring. */
import { categorical, CLASSES, continuous, css, NONE as GREY, numberIndex } from "../../core/palette.js";
import { NONE } from "./legend_model.js";

/** @typedef {{index: Uint8Array, palette: Uint8Array}} Colours */
/** @typedef {"dark"|"light"} Theme */

/**
 * Classes have colours by their size: the largest have those that differ most, and the same ones in every view of a dataset.
 * @param {Uint16Array} values class of each image
 * @param {import("./legend_model.js").LegendClass[]} classes the largest first
 * @param {Theme} theme
 * @returns {Colours}
 */
export function classColours(values, classes, theme) {
  const table = new Uint8Array(65_536).fill(GREY);
  const named = classes.filter((each) => each.index !== NONE);
  named.forEach((each, rank) => (table[each.index] = rank % CLASSES));
  const index = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row += 1) index[row] = table[values[row]];
  return { index, palette: categorical(Math.min(CLASSES, named.length), theme) };
}

/** @param {Float32Array} values @param {[number, number]} range @param {Theme} theme @returns {Colours} */
export function scaleColours(values, range, theme) {
  return { index: numberIndex(values, range), palette: continuous(theme) };
}

/** @param {number} total @param {Theme} theme @returns {Colours} one quiet colour */
export function plainColours(total, theme) {
  const palette = new Uint8Array(256 * 4);
  const rgba = theme === "dark" ? [150, 164, 196, 255] : [92, 106, 146, 255];
  for (let at = 0; at < 256; at += 1) palette.set(rgba, at * 4);
  return { index: new Uint8Array(total), palette };
}

/**
 * Later selections lie over earlier ones.
 * @param {number} total
 * @param {{colour: string, rows: ArrayLike<number>}[]} selections
 * @param {Theme} theme
 * @returns {Colours}
 */
export function selectionColours(total, selections, theme) {
  const index = new Uint8Array(total).fill(GREY);
  const palette = categorical(0, theme);
  selections.forEach(({ colour, rows }, at) => {
    palette.set([...bytesOf(colour), 255], at * 4);
    for (let i = 0; i < rows.length; i += 1) index[rows[i]] = at;
  });
  return { index, palette };
}

/** @param {string} colour #rrggbb */
function bytesOf(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

// Fit for light and dark, and told apart by people who see fewer colours (after Okabe and Ito, 2008).
const OWN = ["#0f83d0", "#e8891c", "#12a37c", "#d45a9c", "#c9a50b", "#d1493f", "#7d6ce0", "#4fb1e8", "#8a9a1f", "#9c6b3f"];

/** A colour for a new named selection: the first that is least used. @param {string[]} used */
export function selectionColour(used) {
  const uses = OWN.map((colour) => used.filter((each) => each.toLowerCase() === colour).length);
  return OWN[uses.indexOf(Math.min(...uses))];
}

/** Colour of a class for style sheets. @param {Uint8Array} palette @param {number} rank in the order of size; -1 for none */
export function classCss(palette, rank) {
  return css(palette, rank < 0 ? GREY : rank % CLASSES);
}
