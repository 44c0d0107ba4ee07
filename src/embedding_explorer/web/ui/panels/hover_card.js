// @ts-check
/** A card beside the image under the pointer: picture, file, label. */
import { fill, getJson } from "../../data/api.js";
import { el, fillIn, setText, show } from "../dom.js";
import { thumbnail } from "../parts/image_list.js";
import { classNameOf } from "../state/colouring.js";
import { manifestOf } from "../state/picking.js";

const GAP = 16; // px between pointer and card
const DWELL = 120; // ms before the server is asked for the file's name
const KEPT = 500; // rows whose facts are remembered
const SIZE = 144; // px of the picture

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function hoverCard(app) {
  const frame = el("div", { class: "hover-picture" });
  const file = el("p", { class: "ellipsis" });
  const label = el("p", { class: "muted small ellipsis" });
  const element = el("div", { class: "card hover-card", testid: "hover-card", "aria-hidden": "true", hidden: true }, frame, file, label);
  const names = new Names();
  let present = "";
  app.view.addEventListener("hover", ({ detail: { row, layer, x, y } }) => {
    const manifest = row >= 0 ? manifestOf(app, layer ?? 0) : null;
    show(element, Boolean(manifest));
    if (!manifest) return void (present = "");
    place(element, x, y);
    const key = `${manifest.id} ${row}`;
    if (key === present) return;
    present = key;
    fillIn(frame, thumbnail(manifest, [row], 0, SIZE), large(manifest, row, () => present === key));
    setText(file, names.known(key)?.file ?? " ");
    setText(label, (layer ? manifest.name : (classNameOf(app, row) ?? names.known(key)?.label)) ?? "");
    setTimeout(() => present === key && names.ask(key, manifest, row, (info) => present === key && (setText(file, info.file), label.textContent || setText(label, info.label ?? ""))), DWELL);
  });
  const hide = () => {
    present = "";
    show(element, false);
  };
  app.view.addEventListener("move", hide);
  document.getElementById("map")?.addEventListener("pointerleave", hide);
  return element;
}

/** The picture itself takes the place of its thumbnail once it is there. @param {any} manifest @param {number} row @param {() => boolean} wanted */
function large(manifest, row, wanted) {
  const picture = el("img", { alt: "", decoding: "async" });
  if (manifest.images_kept) setTimeout(() => wanted() && (picture.src = fill(manifest.pictures, { n: row })), DWELL);
  picture.addEventListener("load", () => picture.classList.add("there"));
  return picture;
}

/** Beside the pointer, on the side that has room. @param {HTMLElement} element @param {number} x @param {number} y */
function place(element, x, y) {
  const stage = /** @type {HTMLElement} */ (element.offsetParent ?? document.body);
  const { offsetWidth: width, offsetHeight: height } = element;
  const left = x + GAP + width > stage.clientWidth ? x - GAP - width : x + GAP;
  const top = Math.min(Math.max(8, y - height / 2), stage.clientHeight - height - 8);
  element.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
}

/** Facts of rows, the latest few hundred. */
class Names {
  constructor() {
    /** @type {Map<string, any>} */
    this.map = new Map();
  }

  /** @param {string} key */
  known(key) {
    return this.map.get(key);
  }

  /** @param {string} key @param {any} manifest @param {number} row @param {(info: any) => void} then */
  async ask(key, manifest, row, then) {
    try {
      const info = this.map.get(key) ?? (await getJson(fill(manifest.rows, { n: row })));
      this.map.set(key, info);
      if (this.map.size > KEPT) this.map.delete(this.map.keys().next().value ?? "");
      then(info);
    } catch {
      // A card that only shows the picture is good enough; a click tells what is wrong.
    }
  }
}
