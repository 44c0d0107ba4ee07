// @ts-check
/** Selections kept by name: shown, used, combined, renamed, deleted. */
import { el, fillIn, show } from "../dom.js";
import { count, plural } from "../format.js";
import { promptDialog } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { attachPopover, menuItem, menuRule } from "../parts/popover.js";
import { namedRows, onShelf, saveSelection, select } from "../state/selecting.js";

/** @typedef {import("../state/initial.js").App} App */
/** @typedef {import("../../data/selections.js").NamedSelection} NamedSelection */

/** @param {App} app @returns {HTMLElement} */
export function namedSelections(app) {
  const list = el("ul", { class: "named-list", "aria-label": "Saved selections", testid: "named-selections" });
  app.store.on(["shelf"], ({ shelf }) => {
    show(list, shelf.length > 0);
    fillIn(list, shelf.map((named) => line(app, named)));
  }, { now: true });
  return list;
}

/** @param {App} app @param {NamedSelection} named */
function line(app, named) {
  const swatch = el("span", { class: "swatch" });
  swatch.style.background = named.colour;
  const anchor = el("button", { type: "button", class: "class-tool", title: `What to do with ${named.name}`, "aria-label": `What to do with ${named.name}`, testid: "named-menu" }, icon("more"));
  const node = el(
    "li",
    { class: "class-row" },
    el("button", { type: "button", class: "class-name", title: "Select these", testid: "named-selection", onclick: () => select(app, namedRows(app, named)) },
      swatch, el("span", { class: "grow ellipsis" }, named.name), el("span", { class: "muted" }, count(named.size))),
    anchor,
  );
  const menu = attachPopover(anchor, () => items(app, named, () => menu.close()), { label: named.name, role: "menu" });
  return node;
}

/** @param {App} app @param {NamedSelection} named @param {() => void} close */
function items(app, named, close) {
  const size = app.store.state.selection?.size ?? 0;
  const use = (how) => () => select(app, namedRows(app, named), how);
  return [
    menuItem("Fly to", { icon: "target", close, onclick: () => app.view.flyTo({ rows: namedRows(app, named) }) }),
    menuRule(),
    menuItem("Add to the selection", { icon: "union", testid: "named-add", close, onclick: use("add") }),
    menuItem("Take from the selection", { icon: "subtract", testid: "named-subtract", close, onclick: use("subtract") }),
    menuItem("Keep what both hold", { icon: "intersect", testid: "named-intersect", close, onclick: use("intersect") }),
    size > 0 && menuItem(`Replace by the ${plural(size, "selected image")}`, { icon: "save", close, onclick: () => saveSelection(app, named.name) }),
    menuRule(),
    menuItem("Rename …", { icon: "pencil", close, onclick: () => rename(app, named) }),
    menuItem("Delete", { icon: "trash", kind: "danger", close, onclick: () => remove(app, named) }),
  ];
}

/** @param {App} app @param {NamedSelection} named */
async function rename(app, named) {
  const name = await promptDialog({ title: "Rename the selection", label: "Name", value: named.name, action: "Rename", most: 80 });
  if (name) onShelf(app, (shelf) => shelf.rename(named.name, name));
}

/** Deleting can be undone, so it is not asked first. @param {App} app @param {NamedSelection} named */
function remove(app, named) {
  onShelf(app, (shelf) => shelf.remove(named.name));
  app.toasts.show(`“${named.name}” deleted.`, { action: { label: "Undo", run: () => onShelf(app, (shelf) => shelf.save(named)) } });
}
