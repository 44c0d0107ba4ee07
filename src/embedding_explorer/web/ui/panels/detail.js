// @ts-check
/** One image: large, with what is known of it, and the images that are most like it. */
import { fill } from "../../data/api.js";
import { el, fillIn, setText, show } from "../dom.js";
import { focusIsLost } from "../focus.js";
import { count, distance, figure, reducerName } from "../format.js";
import { button, note } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { ImageList } from "../parts/image_list.js";
import { fileName } from "../parts/saving.js";
import { linkTo } from "../state/address_sync.js";
import { closeRow, manifestOf, neighbourList, openRow, stepRow } from "../state/picking.js";
import { select } from "../state/selecting.js";
import { openPicture } from "./lightbox.js";

/** @typedef {import("../state/initial.js").App} App */
/** @typedef {import("../state/initial.js").Picked} Picked */

/** @param {App} app @returns {HTMLElement} */
export function detail(app) {
  const file = el("h2", { class: "grow ellipsis", testid: "detail-file" });
  const walk = walkButtons(app);
  const close = button("Close", { icon: "close", kind: "quiet small", only: true, testid: "detail-close", onclick: () => closeRow(app) });
  const picture = el("img", { testid: "detail-picture", decoding: "async" });
  for (const end of ["load", "error"]) picture.addEventListener(end, () => picture.classList.remove("coming"));
  const open = el("button", { type: "button", class: "detail-frame", title: "Show it at full size", onclick: () => openPicture(picture.src, file.textContent ?? "") }, picture);
  const body = el("div", { class: "stack-3" });
  const around = neighboursPart(app);
  const element = el("aside", { class: "card detail", testid: "detail", "aria-label": "Image", tabindex: -1 },
    el("div", { class: "card-head" }, file, walk.element, close), el("div", { class: "detail-scroll" }, open, body, around.element));
  element.addEventListener("keydown", (event) => walkByKeys(app, event));
  app.store.on(["picked", "manifest"], ({ picked }) => {
    const manifest = picked && manifestOf(app, picked.layer);
    const held = document.activeElement !== document.body;
    show(element, Boolean(manifest));
    if (!picked || !manifest) return;
    const name = picked.info?.file ?? `image ${count(picked.row)}`;
    setText(file, name);
    file.title = name;
    setPicture(picture, fill(manifest.pictures, { n: picked.row }), picked.info?.file);
    fillIn(body, facts(app, picked, manifest));
    walk.update(picked);
    around.update(picked, manifest);
    // The list that one came from may have folded for this card, or be at its end, or what was pressed may be made anew.
    if (held && focusIsLost()) element.focus({ preventScroll: true });
  }, { now: true });
  return element;
}

/** @param {HTMLImageElement} picture @param {string} src @param {string|undefined} file */
function setPicture(picture, src, file) {
  if (picture.getAttribute("src") !== src) {
    // Until the new one is there the browser goes on showing the old one, under a name that is not its own.
    picture.classList.add("coming");
    picture.src = src;
    if (picture.complete) picture.classList.remove("coming");
  }
  picture.alt = file ? `The image ${file}` : "The image";
}

/** @param {App} app @param {Picked} picked @param {any} manifest */
function facts(app, picked, manifest) {
  if (picked.error) return note(picked.error, "error");
  if (!picked.info) return el("div", { class: "skeleton detail-skeleton" });
  const { info } = picked;
  /** @type {([string, string]|false)[]} */
  const lines = [
    info.label !== null && ["label", info.label],
    ["size", `${count(info.width)} × ${count(info.height)} px`],
    ["row", `${count(picked.row)} (range ${info.range}, position ${info.position})`],
    ...Object.entries(info.columns ?? {}).filter(([name]) => !["label", "width", "height", "range"].includes(name)).map(([name, value]) => /** @type {[string, string]} */ ([name, shown(value)])),
    ...Object.entries(info.coordinates ?? {}).map(([reducer, point]) => /** @type {[string, string]} */ ([reducerName(reducer), point.map(figure).join(", ")])),
    picked.layer === 1 && ["dataset", manifest.name],
  ];
  return [
    el("dl", { class: "facts" }, lines.flatMap((line) => (line ? [el("dt", null, line[0]), el("dd", null, line[1])] : []))),
    links(app, picked, manifest),
  ];
}

/** @param {unknown} value */
function shown(value) {
  if (value === null || value === undefined) return "none";
  return typeof value === "number" ? figure(value) : String(value);
}

/** @param {App} app @param {Picked} picked @param {any} manifest */
function links(app, picked, manifest) {
  const original = picked.info.original ? "Download original" : "Download thumbnail";
  return el(
    "div",
    { class: "row wrap" },
    picked.layer === 0 && button("Copy link", { icon: "link", kind: "small", testid: "copy-link", onclick: () => copy(app, linkTo(app, picked.row)) }),
    el("a", { class: "button small", href: fill(manifest.pictures, { n: picked.row }), download: fileName(picked.info.file), testid: "download-original" }, icon("download"), original),
    button("Fly to it", { icon: "target", kind: "small", onclick: () => app.view.flyTo({ row: picked.row, layer: picked.layer }) }),
    picked.layer === 0 && button("Add to the selection", { icon: "plus", kind: "small", testid: "detail-select", onclick: () => select(app, [picked.row], "add") }),
  );
}

/** @param {App} app @param {string} text */
async function copy(app, text) {
  try {
    await navigator.clipboard.writeText(text);
    app.toasts.show("The link was copied.");
  } catch {
    app.toasts.show(`The browser does not let this page copy. The link: ${text}`);
  }
}

/** @param {App} app */
function walkButtons(app) {
  const place = el("span", { class: "muted small" });
  const back = button("Previous image (←)", { icon: "left", kind: "quiet small", only: true, testid: "detail-previous", onclick: () => stepRow(app, -1) });
  const next = button("Next image (→)", { icon: "right", kind: "quiet small", only: true, testid: "detail-next", onclick: () => stepRow(app, 1) });
  const update = (/** @type {Picked} */ picked) => {
    const list = picked.list ?? neighbourList(picked);
    const at = list ? list.rows.indexOf(picked.row) : -1;
    setText(place, list ? `${count(at + 1)} / ${count(list.rows.length)}` : "");
    place.title = list ? `in the ${list.label}` : "";
    back.disabled = at <= 0;
    next.disabled = !list || at >= list.rows.length - 1;
  };
  return { element: el("span", { class: "row walk" }, back, place, next), update };
}

/** @param {App} app @param {KeyboardEvent} event */
function walkByKeys(app, event) {
  const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (direction && !event.defaultPrevented && stepRow(app, /** @type {1|-1} */ (direction))) event.preventDefault();
  if (event.key === "Escape") closeRow(app);
}

/** @param {App} app */
function neighboursPart(app) {
  const list = new ImageList({
    label: "Most like it", size: 52, captions: true, testid: "neighbors",
    onhover: (row) => app.store.set({ pointed: row, pointedLayer: app.store.state.picked?.layer ?? 0 }),
    onopen: (item) => {
      const { picked } = app.store.state;
      if (picked) openRow(app, item.row, { layer: picked.layer, list: picked.list?.label === "neighbours" ? picked.list : neighbourList(picked), fly: true });
    },
  });
  /** @type {any} */
  let listed = null;
  const message = el("div");
  const element = el("section", { class: "stack", "aria-label": "Most like it" }, el("h3", null, "Most like it"), message, list.element);
  const update = (/** @type {Picked} */ picked, /** @type {any} */ manifest) => {
    fillIn(message, picked.neighboursError ? note(picked.neighboursError) : !picked.neighbours && el("div", { class: "skeleton neighbours-skeleton" }));
    show(list.element, Boolean(picked.neighbours?.length));
    if (picked.neighbours && picked.neighbours !== listed) {
      listed = picked.neighbours;
      list.set(manifest, picked.neighbours.map((each) => ({ row: each.index, file: each.file, caption: distance(each.distance ?? 0) })));
    }
    list.mark(picked.row);
  };
  return { element, update };
}
