// @ts-check
/** Keys that work wherever the focus is, except where one writes. */
import { reducersOf } from "../state/initial.js";
import { closeRow, stepRow } from "../state/picking.js";
import { setReducer } from "../state/reducing.js";
import { clearSearch } from "../state/searching.js";
import { clearSelection, invertSelection } from "../state/selecting.js";
import { openHelp } from "./help.js";
import { setTool } from "./toolbar.js";

/** @typedef {import("../state/initial.js").App} App */

/** @type {Record<string, (app: App) => void>} */
const KEYS = {
  "?": openHelp,
  "/": () => /** @type {HTMLElement|null} */ (document.querySelector('[data-testid="search"]'))?.focus(),
  v: (app) => setTool(app, "orbit"),
  b: (app) => setTool(app, "box"),
  l: (app) => setTool(app, "lasso"),
  i: (app) => app.store.state.phase === "ready" && invertSelection(app),
  r: (app) => nextReducer(app),
  "[": (app) => stepRow(app, -1),
  "]": (app) => stepRow(app, 1),
};

/** @param {App} app */
export function pageKeys(app) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const writing = target.closest("input:not([type=checkbox]):not([type=range]), select, textarea, dialog");
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || writing) return;
    const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(app);
  });
  app.view.addEventListener("escape", () => stepBack(app));
}

/** Escape undoes what was done last, one thing at a time. @param {App} app */
export function stepBack(app) {
  const { tool, picked, search, selection } = app.store.state;
  if (picked) closeRow(app);
  else if (search) clearSearch(app);
  else if (selection?.size) clearSelection(app);
  else if (tool !== "orbit") setTool(app, "orbit");
}

/** @param {App} app */
function nextReducer(app) {
  const { manifest, reducer, phase } = app.store.state;
  if (phase !== "ready") return;
  const names = reducersOf(manifest);
  setReducer(app, names[(names.indexOf(reducer) + 1) % names.length]);
}
