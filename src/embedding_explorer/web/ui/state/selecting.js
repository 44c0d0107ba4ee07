// @ts-check
/** The selection and the named selections. A RowSet in the store is never changed, only replaced. */
import { VISIBLE } from "../../core/flags.js";
import { RowSet } from "../../core/selection.js";
import { plural } from "../format.js";
import { rowsInView } from "./marking.js";
import { selectionColour } from "./paint.js";

/** @typedef {import("./initial.js").App} App */
/** @typedef {"replace"|"add"|"subtract"|"intersect"} Combine */

/**
 * Change the selection by some rows.
 * @param {App} app
 * @param {Iterable<number>} rows
 * @param {Combine} [how]
 */
export function select(app, rows, how = "replace") {
  const { data, selection } = app.store.state;
  if (!data) return;
  put(app, combined(selection, new RowSet(data.total, rows), how));
}

/** @param {any} present @param {any} other @param {Combine} how */
function combined(present, other, how) {
  if (how === "add") return present.union(other);
  if (how === "subtract") return present.subtract(other);
  return how === "intersect" ? present.intersect(other) : other;
}

/** @param {App} app @param {any} selection */
function put(app, selection) {
  app.store.set({ selection });
  app.announce(selection.size ? `${plural(selection.size, "image")} selected` : "Nothing selected");
}

/**
 * What a box or a lasso caught. Keys held while drawing win over the buttons.
 * @param {App} app
 * @param {{rows: Uint32Array, mode: Combine}} drawn
 */
export function selectDrawn(app, { rows, mode }) {
  const how = mode === "replace" ? app.store.state.combine : mode;
  select(app, rows.filter((row) => app.flags[row] & VISIBLE), how);
}

/**
 * How a click selects: Shift adds, Alt takes away, as while drawing; else as the buttons say.
 * @param {App} app
 * @param {{shiftKey: boolean, altKey: boolean}} [keys]
 * @returns {Combine}
 */
export function combineOf(app, keys) {
  if (keys?.shiftKey) return "add";
  return keys?.altKey ? "subtract" : app.store.state.combine;
}

/** Everything that is visible and not selected. @param {App} app */
export function invertSelection(app) {
  const { data, selection } = app.store.state;
  const rows = [];
  for (let row = 0; row < data.total; row += 1) if (app.flags[row] & VISIBLE && !selection.has(row)) rows.push(row);
  select(app, rows);
}

/** Everything in the window. @param {App} app */
export function selectInView(app) {
  select(app, rowsInView(app), app.store.state.combine);
}

/** @param {App} app */
export function clearSelection(app) {
  if (app.store.state.selection?.size) select(app, []);
}

/** Keep the selection under a name. @param {App} app @param {string} name */
export function saveSelection(app, name) {
  const { selection, shelf } = app.store.state;
  const colour = shelf.find((each) => each.name === name)?.colour ?? selectionColour(shelf.map((each) => each.colour));
  onShelf(app, (kept) => kept.save({ name, colour, mask: selection.toBase64(), size: selection.size }));
}

/** Change the named selections; what their storage refuses is told. @param {App} app @param {(shelf: import("../../data/selections.js").SelectionShelf) => void} action */
export function onShelf(app, action) {
  if (!app.shelf) return;
  try {
    action(app.shelf);
    app.store.set({ shelf: app.shelf.list });
  } catch (error) {
    app.toasts.show(/** @type {Error} */ (error).message, { level: "error" });
  }
}

/** Rows of a named selection. @param {App} app @param {import("../../data/selections.js").NamedSelection} named */
export function namedRows(app, named) {
  return RowSet.fromBase64(named.mask, app.store.state.data.total).rows();
}
