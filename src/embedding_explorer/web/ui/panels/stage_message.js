// @ts-check
/** What stands where the map will be: loading, empty, failed. Never nothing. */
import { el, fillIn, show } from "../dom.js";
import { button } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { openDataset } from "../state/open.js";
import { parseAddress } from "../../core/address.js";
import { busyWords } from "./busy.js";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @param {{chooseFile: () => void}} actions @returns {HTMLElement} */
export function stageMessage(app, { chooseFile }) {
  const element = el("div", { class: "stage-message", role: "status", testid: "stage-message" });
  let drawn = "";
  app.store.on(["phase", "foreign", "failure", "data"], ({ phase, foreign, failure, data }) => {
    show(element, phase !== "ready");
    const state = `${phase} ${foreign?.id} ${foreign?.done} ${failure}`;
    if (phase === "ready" || state === drawn) return void (drawn = state);
    drawn = state;
    element.classList.toggle("over", Boolean(data));
    if (phase === "failed") fillIn(element, failed(app, failure));
    else if (phase === "empty") fillIn(element, empty(foreign, chooseFile));
    else fillIn(element, loading());
  }, { now: true });
  return element;
}

function loading() {
  return [el("div", { class: "cloud", "aria-hidden": "true" }, Array.from({ length: 9 }, () => el("i"))), el("p", { class: "muted" }, "Loading the map …")];
}

/** @param {any} foreign @param {() => void} chooseFile */
function empty(foreign, chooseFile) {
  return [
    el("div", { class: "stage-icon" }, icon("layers")),
    el("h2", null, foreign ? "The first map is being made" : "There is no map yet"),
    el("p", { class: "muted" }, foreign ? `${busyWords(foreign)} It opens by itself.` : "Drop a ZIP of pictures anywhere on this page: pictures that look alike will lie together."),
    button("Choose a ZIP", { icon: "upload", kind: "primary", onclick: chooseFile, testid: "empty-choose" }),
  ];
}

/** @param {App} app @param {string} failure */
function failed(app, failure) {
  const wanted = parseAddress(location.search);
  return [
    el("div", { class: "stage-icon trouble" }, icon("warning")),
    el("h2", null, "The map cannot be shown"),
    el("p", { class: "muted" }, failure),
    el("div", { class: "row" },
      button("Try again", { kind: "primary", testid: "retry", onclick: () => openDataset(app, wanted.dataset, { wanted }) }),
      wanted.dataset && button("Go to the main dataset", { onclick: () => openDataset(app, null, { push: true }) })),
  ];
}
