// @ts-check
/** What a search found. While an image is looked at, only the head of this card stays. */
import { el, fillIn, setText, show } from "../dom.js";
import { distance, plural } from "../format.js";
import { button, note } from "../parts/controls.js";
import { ImageList } from "../parts/image_list.js";
import { closeRow, openRow } from "../state/picking.js";
import { clearSearch } from "../state/searching.js";
import { combineOf, select } from "../state/selecting.js";

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function searchResults(app) {
  const list = new ImageList({
    label: "Search results", size: 40, lines: true, testid: "search-results",
    onopen: (item) => openRow(app, item.row, { list: { rows: rowsOf(app), label: "results" }, fly: true }),
    onhover: (row) => app.store.set({ pointed: row, pointedLayer: 0 }),
  });
  const title = el("h2", { class: "grow ellipsis" });
  const picture = el("img", { class: "asked-picture", alt: "The picture that was searched for" });
  const message = el("div");
  /** @type {any} */
  let listed = null;
  const body = el("div", { class: "results-body" }, message, list.element);
  const element = el("section", { class: "card results", "aria-label": "Search results" }, head(app, title, picture), body);
  app.store.on(["search", "picked", "manifest"], ({ search, picked, manifest }) => {
    show(element, Boolean(search));
    if (!search || !manifest) return;
    setText(title, heading(search));
    show(picture, Boolean(search.picture));
    if (search.picture) picture.src = search.picture;
    element.classList.toggle("folded", Boolean(picked));
    show(body, !picked);
    fillIn(message, search.error && note(search.error, "error"), remark(search));
    show(list.element, search.rows.length > 0);
    if (listed !== search) fillList(list, manifest, search);
    listed = search;
    list.mark(picked?.row ?? -1);
  }, { now: true });
  return element;
}

/** @param {ImageList} list @param {any} manifest @param {import("../state/initial.js").Search} search */
function fillList(list, manifest, search) {
  const caption = (found) => (found.distance === undefined ? (found.label ?? "") : distance(found.distance));
  list.set(manifest, search.rows.map((found) => ({ row: found.index, file: found.file, caption: caption(found) })));
}

/** @param {import("../state/initial.js").App} app @param {HTMLElement} title @param {HTMLElement} picture */
function head(app, title, picture) {
  return el(
    "div",
    { class: "card-head" },
    picture,
    title,
    button("Show the results", { icon: "down", kind: "quiet small unfold", only: true, onclick: () => closeRow(app) }),
    button("Select them", { icon: "selection", kind: "quiet small", only: true, testid: "search-select", onclick: (event) => select(app, rowsOf(app), combineOf(app, event)) }),
    button("Fly to them", { icon: "target", kind: "quiet small", only: true, onclick: () => rowsOf(app).length && app.view.flyTo({ rows: rowsOf(app) }) }),
    button("Close the search", { icon: "close", kind: "quiet small", only: true, onclick: () => clearSearch(app) }),
  );
}

/** @param {import("../state/initial.js").App} app */
function rowsOf(app) {
  return app.store.state.search?.rows.map((found) => found.index) ?? [];
}

/** @param {import("../state/initial.js").Search} search */
function heading(search) {
  if (search.running) return "Searching …";
  if (search.error) return "Search";
  return search.kind === "picture" ? `Most like ${search.text}` : plural(search.total, "match", "matches");
}

/** @param {import("../state/initial.js").Search} search */
function remark(search) {
  if (search.running || search.error) return null;
  if (search.total === 0) return el("p", { class: "muted empty-note" }, `No file name holds “${search.text.trim()}”.`);
  if (search.total > search.rows.length) return el("p", { class: "muted small empty-note" }, `The first ${plural(search.rows.length, "match", "matches")} are listed and marked.`);
  return null;
}
