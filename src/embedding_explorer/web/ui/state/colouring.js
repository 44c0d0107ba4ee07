// @ts-check
/** What the colours mean: a column, named selections or nothing; and what the legend hides. */
import { RowSet } from "../../core/selection.js";
import { classesOf, fromLists, isolate, NONE, toggle } from "./legend_model.js";
import { classColours, plainColours, scaleColours, selectionColours } from "./paint.js";
import { theme } from "./theme.js";

/** @typedef {import("./initial.js").App} App */

let turn = 0;

/** What a dataset is coloured by unless told otherwise. @param {any} manifest */
export function defaultColour(manifest) {
  return manifest.columns.some((column) => column.name === "label") ? "label" : "none";
}

/** As an address has it. @param {App} app @param {import("../../core/address.js").Address} wanted */
export async function restoreColour(app, wanted) {
  const { manifest } = app.store.state;
  const offered = ["none", "selections", ...manifest.columns.map((column) => column.name)];
  const colour = wanted.colour && offered.includes(wanted.colour) ? wanted.colour : defaultColour(manifest);
  if ((await colourBy(app, colour)) !== "done") return;
  const { classes, column } = app.store.state;
  app.store.set({ hidden: fromLists(classes, wanted), range: column?.meta.kind === "number" ? wanted.range : null });
}

/**
 * Colour by a column, by "selections" or by "none".
 * @param {App} app
 * @param {string} colour
 * @returns {Promise<"done"|"failed"|"overtaken">} the last: something else was asked for meanwhile
 */
export async function colourBy(app, colour) {
  const { data, manifest } = app.store.state;
  const mine = (turn += 1);
  let column = null;
  if (colour !== "none" && colour !== "selections") {
    try {
      column = await data.column(colour);
    } catch (error) {
      if (mine !== turn) return "overtaken";
      app.toasts.show(`The column ${colour} cannot be used. ${/** @type {Error} */ (error).message}`, { level: "error" });
      return "failed";
    }
  }
  if (mine !== turn || app.store.state.data !== data) return "overtaken";
  const classes = column?.meta.kind === "category" ? classesOf(column.meta, manifest.total) : [];
  app.store.set({ colour, column, classes, hidden: new Set(), range: null });
  return "done";
}

/** Give the view its colours. @param {App} app */
export function paint(app) {
  if (!app.store.state.data) return;
  const { index, palette } = colours(app.store.state);
  app.view.setColours(index, palette);
  app.twin?.setColours(index, palette);
  app.store.set({ palette });
}

/** @param {import("./initial.js").State} state @returns {import("./paint.js").Colours} */
function colours({ data, column, classes, colour, shelf }) {
  if (colour === "selections") return selectionColours(data.total, shelf.map((named) => rowsOf(named, data.total)), theme());
  if (!column) return plainColours(data.total, theme());
  if (column.meta.kind === "category") return classColours(/** @type {Uint16Array} */ (column.values), classes, theme());
  return scaleColours(/** @type {Float32Array} */ (column.values), column.meta.range, theme());
}

/** @param {import("../../data/selections.js").NamedSelection} named @param {number} total */
function rowsOf({ colour, mask }, total) {
  return { colour, rows: RowSet.fromBase64(mask, total).rows() };
}

/** Show one class alone, or all again. @param {App} app @param {number} index */
export function isolateClass(app, index) {
  const { classes, hidden } = app.store.state;
  app.store.set({ hidden: isolate(classes, hidden, index) });
}

/** Hide a class, or show it again. @param {App} app @param {number} index */
export function toggleClass(app, index) {
  const { classes, hidden } = app.store.state;
  app.store.set({ hidden: toggle(classes, hidden, index) });
}

/** Rows of a class. @param {App} app @param {number} index @returns {number[]} */
export function rowsOfClass(app, index) {
  const { column } = app.store.state;
  const rows = [];
  for (let row = 0; column && row < column.values.length; row += 1) if (column.values[row] === index) rows.push(row);
  return rows;
}

/** The name of an image's class in the column that colours. @param {App} app @param {number} row @returns {string|null} */
export function classNameOf(app, row) {
  const { column, classes } = app.store.state;
  if (!column || column.meta.kind !== "category") return null;
  const index = column.values[row];
  return index === NONE ? (classes.find((each) => each.index === NONE)?.name ?? null) : column.meta.values[index];
}
