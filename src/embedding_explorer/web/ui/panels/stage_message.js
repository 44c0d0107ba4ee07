// @ts-check
/** What stands where the map will be: loading, empty, failed. Never nothing. */
import { el, fillIn, setText, show } from "../dom.js";
import { button } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { lastAsked, openDataset, retry } from "../state/open.js";
import { busyWords } from "./busy.js";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @param {{chooseFile: () => void}} actions @returns {HTMLElement} */
export function stageMessage(app, { chooseFile }) {
  const element = el("div", { class: "stage-message", role: "status", testid: "stage-message" });
  // Its counts change ten times a second: they are not read out, and nothing that can be pressed is made anew for them.
  const words = el("p", { class: "muted", "aria-live": "off" });
  let drawn = "";
  app.store.on(["phase", "foreign", "failure", "data"], ({ phase, foreign, failure, data }) => {
    show(element, phase !== "ready");
    element.classList.toggle("over", Boolean(data));
    setText(words, foreign ? `${busyWords(foreign)} It opens by itself.` : "Drop a ZIP of pictures anywhere on this page: pictures that look alike will lie together.");
    const state = `${phase} ${phase === "empty" && Boolean(foreign)} ${failure}`;
    if (phase === "ready" || state === drawn) return void (drawn = state);
    drawn = state;
    if (phase === "failed") fillIn(element, failed(app, failure));
    else if (phase === "empty") fillIn(element, empty(foreign, words, chooseFile));
    else fillIn(element, loading());
  }, { now: true });
  return element;
}

function loading() {
  return [el("div", { class: "cloud", "aria-hidden": "true" }, Array.from({ length: 9 }, () => el("i"))), el("p", { class: "muted" }, "Loading the map …")];
}

/** @param {any} foreign @param {HTMLElement} words @param {() => void} chooseFile */
function empty(foreign, words, chooseFile) {
  return [
    el("div", { class: "stage-icon" }, icon("layers")),
    el("h2", null, foreign ? "The first map is being made" : "There is no map yet"),
    words,
    button("Choose a ZIP", { icon: "upload", kind: "primary", onclick: chooseFile, testid: "empty-choose" }),
  ];
}

/** @param {App} app @param {string} failure */
function failed(app, failure) {
  return [
    el("div", { class: "stage-icon trouble" }, icon("warning")),
    el("h2", null, "The map cannot be shown"),
    el("p", { class: "muted" }, failure),
    el("div", { class: "row" },
      button("Try again", { kind: "primary", testid: "retry", onclick: () => retry(app) }),
      lastAsked() && button("Go to the main dataset", { onclick: () => openDataset(app, null, { push: true }) })),
  ];
}
