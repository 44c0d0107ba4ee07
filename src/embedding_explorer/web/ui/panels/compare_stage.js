// @ts-check
/** The other map beside the first: its canvas, its name, its rings. It exists only while it is looked at. */
import { MapView } from "../../view/map_view.js";
import { el, setText, show } from "../dom.js";
import { Twin } from "../state/twin.js";
import { letter } from "./compare_bar.js";
import { stepBack } from "./keyboard.js";
import { putPin } from "./pins.js";

/** @typedef {import("../state/initial.js").App} App */
/** @typedef {import("../state/initial.js").Compare} Compare */

/** @param {App} app @param {HTMLElement} stage */
export function compareStage(app, stage) {
  const captions = [caption("A"), caption("B")];
  const frame = el("div", { class: "map-b", hidden: true });
  stage.append(frame, captions[0].element);
  let shown = "";
  app.store.on(["compare", "phase", "manifest"], ({ compare, phase, manifest }) => {
    const wanted = compare?.data && compare.how === "side" && phase === "ready" ? compare.id : "";
    if (manifest && compare) captions[0].set(manifest);
    if (compare?.data) captions[1].set(compare.data.manifest);
    if (wanted === shown) return;
    shown = wanted;
    stage.classList.toggle("twins", Boolean(wanted));
    show(frame, Boolean(wanted));
    show(captions[0].element, Boolean(wanted));
    close(app);
    frame.replaceChildren();
    if (wanted) open(app, frame, captions[1].element);
  });
}

/** @param {App} app @param {HTMLElement} frame @param {HTMLElement} title */
async function open(app, frame, title) {
  const compare = /** @type {Compare} */ (app.store.state.compare);
  const canvas = el("canvas", { id: "map-b", testid: "map-b", tabindex: 0, role: "application", "aria-label": `Map of images, B: ${compare.name}` });
  frame.append(canvas);
  const view = await MapView.create(canvas, app.options);
  // Its canvas may be another one, where the graphics processor was of no use.
  if (!view.canvas.isConnected) return view.destroy(); // it was closed meanwhile
  const twin = (app.twin = new Twin(app, view, compare));
  view.addEventListener("escape", () => stepBack(app));
  view.addEventListener("notice", ({ detail: { level, text } }) => level !== "info" && app.toasts.show(text, { level }));
  frame.append(rings(app, twin), title);
  show(title, true);
  try {
    await twin.show(app.store.state.other);
  } catch (error) {
    if (!twin.destroyed) app.toasts.show(/** @type {Error} */ (error).message, { level: "error" });
  }
}

/** @param {App} app */
function close(app) {
  app.twin?.destroy();
  app.twin = null;
}

/** Which map it is, and through which network. @param {string} name */
function caption(name) {
  const text = el("span", { class: "ellipsis" });
  const element = el("p", { class: "map-caption", "aria-hidden": "true", hidden: true }, letter(name), text);
  const set = (/** @type {any} */ { network, name: title }) => {
    const made = network ? [network.name, network.layer].filter(Boolean).join(", ") : "imported";
    setText(text, `${title} · ${made}`);
    text.title = text.textContent ?? "";
  };
  return { element, set };
}

/** Where the images that one looks at and points at on the first map lie here. @param {App} app @param {Twin} twin */
function rings(app, twin) {
  const picked = el("div", { class: "pin picked", testid: "ring-picked-b", hidden: true });
  const pointed = el("div", { class: "pin pointed", testid: "ring-pointed-b", hidden: true });
  const draw = () => {
    const { state } = app.store;
    putPin(picked, state.picked?.layer === 0 ? twin.place(state.picked.row) : null);
    putPin(pointed, twin.place(state.hovered ?? state.pointed));
  };
  const stop = app.store.on(["picked", "pointed", "hovered", "reducer", "mode"], draw);
  for (const event of ["move", "rest", "shown"]) twin.view.addEventListener(event, draw);
  twin.stops.push(stop);
  return el("div", { class: "pins", "aria-hidden": "true" }, picked, pointed);
}
