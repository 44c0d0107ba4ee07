// @ts-check
/** Rings on the map: the image that is looked at, the one a list points at, the place of a picture searched for. */
import { el, show } from "../dom.js";
import { screenPlace } from "../state/placing.js";

const RAISED = 1.35; // how much larger an image is drawn that lies over all others

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function pins(app) {
  const picked = el("div", { class: "pin picked" });
  const pointed = el("div", { class: "pin pointed" });
  const picture = el("img", { alt: "" });
  const asked = el("div", { class: "pin asked", testid: "search-place" }, picture);
  const element = el("div", { class: "pins", "aria-hidden": "true" }, picked, pointed, asked);
  const draw = () => {
    const { state } = app.store;
    putPin(picked, placeOfRow(app, state.picked?.row, state.picked?.layer), RAISED);
    putPin(pointed, placeOfRow(app, state.pointed, state.pointedLayer));
    putPin(asked, placeOfPicture(app));
  };
  app.store.on(["search"], ({ search }) => search?.picture && (picture.src = search.picture), { now: true });
  app.store.on(["picked", "pointed", "search", "reducer", "phase", "mode", "overlay"], draw);
  for (const event of ["move", "rest", "shown"]) app.view.addEventListener(event, draw);
  new ResizeObserver(draw).observe(app.view.canvas ?? document.getElementById("map"));
  return element;
}

/** @param {App} app @param {number|null|undefined} row @param {number} [layer] */
function placeOfRow(app, row, layer = 0) {
  const { phase, overlay } = app.store.state;
  const drawn = phase === "ready" && (layer === 0 || (overlay?.data && overlay.shown));
  return drawn && row !== null && row !== undefined ? app.view.project(row, layer) : null;
}

/** @param {App} app */
function placeOfPicture(app) {
  const { search, reducer, phase } = app.store.state;
  const point = search?.coordinates?.[reducer];
  return phase === "ready" && point ? screenPlace(app, point) : null;
}

/** Draw a ring at a place, or not at all. @param {HTMLElement} pin @param {{x: number, y: number, size?: number, visible?: boolean}|null|false|undefined} at @param {number} [scale] */
export function putPin(pin, at, scale = 1) {
  show(pin, Boolean(at && at.visible !== false));
  if (!at) return;
  pin.style.setProperty("--pin", `${Math.max(14, (at.size ?? 0) * scale + 8)}px`);
  pin.style.transform = `translate(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px)`;
}
