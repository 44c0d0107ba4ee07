// @ts-check
/** What changes the view: reduction, dimensions, tools. It lies at the foot of the map, within reach of a thumb. */
import { el, show } from "../dom.js";
import { reducerName } from "../format.js";
import { button, segmented } from "../parts/controls.js";
import { saveBlob } from "../parts/saving.js";
import { reducersOf } from "../state/initial.js";
import { setReducer } from "../state/reducing.js";

/** @typedef {import("../state/initial.js").App} App */

const MODES = [
  { value: "3d", label: "3-D", testid: "mode-3d", title: "Three dimensions (3)" },
  { value: "2d", label: "2-D", testid: "mode-2d", title: "Two dimensions (2)" },
];
const TOOLS = [
  { value: "orbit", label: "Orbit", icon: "orbit", testid: "tool-orbit", title: "Turn and move the map (V)" },
  { value: "box", label: "Box", icon: "box", testid: "tool-box", title: "Select by a box (B)" },
  { value: "lasso", label: "Lasso", icon: "lasso", testid: "tool-lasso", title: "Select by a lasso (L)" },
];
const COMBINE = [
  { value: "replace", label: "Replace", icon: "replace", testid: "select-replace", title: "A new selection" },
  { value: "add", label: "Add", icon: "union", testid: "select-add", title: "Add to the selection (Shift)" },
  { value: "subtract", label: "Subtract", icon: "subtract", testid: "select-subtract", title: "Take from the selection (Alt)" },
];

/** @param {App} app @returns {HTMLElement} */
export function toolbar(app) {
  const modes = segmented({ label: "Dimensions", choices: MODES, onchange: (mode) => setMode(app, mode) });
  const tools = segmented({ label: "Tool", choices: TOOLS, onchange: (tool) => setTool(app, tool) });
  const combine = segmented({ label: "What a box or lasso does", choices: COMBINE, onchange: (how) => app.store.set({ combine: /** @type {any} */ (how) }) });
  const element = el(
    "div",
    { class: "toolbar card", role: "toolbar", "aria-label": "View and tools" },
    reductions(app),
    modes.element,
    el("span", { class: "toolbar-rule" }),
    tools.element,
    combine.element,
    el("span", { class: "toolbar-rule" }),
    button("Show all (0)", { icon: "home", kind: "quiet", only: true, testid: "home", onclick: () => app.view.flyTo("home") }),
    button("Save the view as PNG", { icon: "picture", kind: "quiet", only: true, testid: "export-png", onclick: () => savePicture(app) }),
  );
  app.store.on(["mode", "tool", "combine", "phase"], (state) => {
    modes.set(state.mode);
    tools.set(state.tool);
    combine.set(state.combine);
    show(combine.element, state.tool !== "orbit");
    show(element, state.phase === "ready");
  }, { now: true });
  return element;
}

/** @param {App} app */
function reductions(app) {
  const control = segmented({ label: "Reduction", choices: [], onchange: (reducer) => setReducer(app, reducer) });
  /** @type {any} */
  let listed = null;
  const choice = (name) => ({ value: name, label: reducerName(name), testid: `reduction-${name}`, title: `Place the images by ${reducerName(name)} (R)` });
  app.store.on(["manifest", "reducer"], ({ manifest, reducer }) => {
    if (!manifest) return;
    if (manifest !== listed) control.setChoices(reducersOf(manifest).map(choice));
    listed = manifest;
    control.set(reducer);
  }, { now: true });
  return control.element;
}

/** @param {App} app @param {string} mode */
export function setMode(app, mode) {
  app.view.setMode(mode);
  app.store.set({ mode: /** @type {any} */ (mode) });
}

/** @param {App} app @param {string} tool */
export function setTool(app, tool) {
  app.view.setTool(tool);
  // What a hidden button says must not surprise anybody who selects by the legend.
  app.store.set({ tool: /** @type {any} */ (tool), ...(tool === "orbit" ? { combine: "replace" } : {}) });
  app.announce({ orbit: "Drag to turn the map", box: "Drag a box to select", lasso: "Draw around images to select" }[tool] ?? "");
}

/** @param {App} app */
export async function savePicture(app) {
  const { manifest, reducer } = app.store.state;
  try {
    saveBlob(await app.view.snapshot(), `${manifest.name}-${reducer}.png`);
  } catch (error) {
    app.toasts.show(`The view could not be saved: ${/** @type {Error} */ (error).message}`, { level: "error" });
  }
}
