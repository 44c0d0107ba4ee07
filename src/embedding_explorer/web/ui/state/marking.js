// @ts-check
/** Keeps the view's flags in step with legend, selection, search and neighbours. */
import { VISIBLE } from "../../core/flags.js";
import { unmatched } from "../../core/matching.js";
import { compose } from "./flags.js";

/** @typedef {import("./initial.js").App} App */

/** Send the flags of the present state to the view. @param {App} app */
export function mark(app) {
  const { data, column, hidden, range, selection, search, picked, compare, fade } = app.store.state;
  if (!data) return;
  const category = column?.meta.kind === "category";
  const visible = compose(app.flags, {
    classes: category ? /** @type {Uint16Array} */ (column.values) : null,
    hidden,
    values: column && !category ? column.values : null,
    range,
    selected: selection.rows(),
    matches: search && !search.running && !search.error ? search.rows.map((found) => found.index) : null,
    neighbours: picked?.layer === 0 && picked.neighbours ? picked.neighbours.map((each) => each.index) : [],
    faded: fade !== "none" && compare ? unmatched(compare.matches) : [],
    gone: fade === "gone",
  });
  app.view.setFlags(app.flags);
  app.twin?.setFlags(app.flags);
  app.store.set({ visible });
}

/** Rows in the window that the legend lets through. @param {App} app @returns {Uint32Array} */
export function rowsInView(app) {
  return app.view.visibleRows().filter((row) => app.flags[row] & VISIBLE);
}
