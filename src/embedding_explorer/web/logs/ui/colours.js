// @ts-check
/** The colours of runs, from the map's palette; they follow the theme. */
import { categorical, css } from "../../core/palette.js";
import { onTheme, theme } from "../../ui/state/theme.js";

const MOST = 254;
let palette = categorical(MOST, theme());
onTheme(() => (palette = categorical(MOST, theme())));

/** @param {number} place */
export function colourAt(place) {
  return css(palette, place % MOST);
}

/** @param {import("../data/book.js").Book} book @param {string} run */
export function runColour(book, run) {
  return colourAt(book.place(run));
}
