// @ts-check
/** The selection: how many, what to do with them, the images themselves, and the selections kept by name. */
import { el, fillIn, setText, show } from "../dom.js";
import { plural } from "../format.js";
import { button } from "../parts/controls.js";
import { ImageList } from "../parts/image_list.js";
import { attachPopover, menuItem, menuRule } from "../parts/popover.js";
import { openRow } from "../state/picking.js";
import { exportSelection } from "../state/exporting.js";
import { clearSelection, invertSelection, saveSelection, select, selectInView } from "../state/selecting.js";
import { namedSelections } from "./named_selections.js";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function selectionPanel(app) {
  const counter = el("h2", { class: "grow", testid: "selection-count" });
  const list = selectionList(app);
  const actions = selectionActions(app);
  const hint = el("p", { class: "muted small" }, "Draw a box or a lasso on the map, or use the menu.");
  const clear = button("Clear the selection", { icon: "close", kind: "quiet small", only: true, testid: "selection-clear", onclick: () => clearSelection(app) });
  const element = el(
    "section",
    { class: "panel selection", "aria-label": "Selection" },
    el("div", { class: "panel-head row" }, counter, ...selectMenu(app), clear),
    hint,
    list.element,
    actions,
    namedSelections(app),
  );
  app.store.on(["selection"], ({ selection, manifest }) => {
    const size = selection?.size ?? 0;
    setText(counter, size ? `${plural(size, "image")} selected` : "Selection");
    for (const node of [list.element, actions, clear]) show(node, size > 0);
    show(hint, size === 0);
    if (manifest) list.set(manifest, Array.from(selection.rows(), (row) => ({ row })));
  }, { now: true });
  return element;
}

/** @param {App} app */
function selectionList(app) {
  const rows = () => Array.from(app.store.state.selection.rows());
  const list = new ImageList({
    label: "Selected images", size: 44, testid: "selection-list",
    onopen: (item) => openRow(app, item.row, { list: { rows: rows(), label: "selection" } }),
    onhover: (row) => app.store.set({ pointed: row, pointedLayer: 0 }),
  });
  app.store.on(["picked"], ({ picked }) => list.mark(picked?.layer === 0 ? picked.row : -1));
  return list;
}

/** @param {App} app */
function selectMenu(app) {
  const anchor = button("Select …", { icon: "more", kind: "quiet small", only: true, testid: "selection-menu" });
  const menu = attachPopover(anchor, () => {
    const close = () => menu.close();
    const { search, picked } = app.store.state;
    const neighbours = picked?.layer === 0 && picked.neighbours ? [picked.row, ...picked.neighbours.map((each) => each.index)] : null;
    const add = (rows) => select(app, rows, app.store.state.combine);
    return [
      menuItem("All in the window", { icon: "selection", testid: "select-visible", close, onclick: () => selectInView(app) }),
      search?.rows.length && menuItem("The search results", { icon: "search", close, onclick: () => add(search.rows.map((each) => each.index)) }),
      neighbours && menuItem("This image and its neighbours", { icon: "target", testid: "select-neighbours", close, onclick: () => add(neighbours) }),
      menuRule(),
      menuItem("Invert the selection", { icon: "invert", testid: "select-invert", close, onclick: () => invertSelection(app) }),
    ];
  }, { label: "Select", role: "menu" });
  return [anchor, menu.element];
}

/** @param {App} app */
function selectionActions(app) {
  const save = button("Save", { icon: "save", kind: "small", testid: "selection-save", title: "Save the selection under a name", onclick: () => app.shelf && saveSelection(app, app.shelf.freeName()) });
  const fly = button("Fly to", { icon: "target", kind: "small", onclick: () => app.view.flyTo({ rows: app.store.state.selection.rows() }) });
  const anchor = button("Export", { icon: "download", kind: "small", testid: "export" });
  const menu = attachPopover(anchor, () => {
    const close = () => menu.close();
    const item = (format, text) => menuItem(text, { icon: "download", testid: `export-${format}`, close, onclick: () => exportSelection(app, format) });
    const pictures = app.store.state.manifest.images_kept ? "ZIP of the originals" : "ZIP of the thumbnails";
    return [item("csv", "Table as CSV"), item("parquet", "Table as Parquet"), item("zip", pictures)];
  }, { label: "Export the selection", role: "menu" });
  return el("div", { class: "row selection-actions" }, save, fly, anchor, menu.element);
}
