// @ts-check
/** The legend of a category column, for two classes or for thousands. */
import { el, setText, show } from "../dom.js";
import { count, plural } from "../format.js";
import { button, press } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { VirtualList } from "../parts/virtual_list.js";
import { isolateClass, rowsOfClass, toggleClass } from "../state/colouring.js";
import { filterClasses, NONE, sortClasses } from "../state/legend_model.js";
import { classCss } from "../state/paint.js";
import { combineOf, select } from "../state/selecting.js";

const SEARCH_FROM = 12; // classes from which a search field is of use
const ROW = 30; // px

/** @typedef {import("../state/initial.js").App} App */
/** @typedef {import("../state/initial.js").LegendClass} LegendClass */

/** @param {App} app @returns {HTMLElement} */
export function classLegend(app) {
  /** @type {Map<number, number>} class → place in the order of size */
  let ranks = new Map();
  let byName = false;
  const list = new VirtualList({ rowHeight: ROW, label: "Classes", kind: "classes", render: (each) => classRow(app, each, ranks) });
  const search = el("input", { class: "input", type: "search", placeholder: "Find a class", "aria-label": "Find a class", testid: "legend-search", autocomplete: "off" });
  const summary = el("span", { class: "muted small grow" });
  const order = button("By name", { kind: "quiet small", pressed: false, title: "Sort by name instead of size", testid: "legend-order", onclick: () => reorder() });
  const all = button("Show all", { kind: "quiet small", testid: "legend-all", onclick: () => app.store.set({ hidden: new Set() }) });
  const element = el("div", { class: "legend-classes" }, search, list.element, el("div", { class: "row legend-foot" }, summary, all, order));
  const draw = (/** @type {boolean} */ keep) => {
    const { classes } = app.store.state;
    const found = sortClasses(filterClasses(classes, search.value), byName);
    list.set(found, { keep });
    list.element.style.setProperty("--rows", String(Math.max(1, found.length)));
  };
  const reorder = () => {
    byName = !byName;
    press(order, byName);
    draw(false);
  };
  search.addEventListener("input", () => draw(false));
  app.store.on(["classes"], ({ classes }) => {
    search.value = "";
    ranks = new Map(classes.filter((each) => each.index !== NONE).map((each, rank) => [each.index, rank]));
    show(element, classes.length > 0);
    show(search, classes.length >= SEARCH_FROM);
  }, { now: true });
  app.store.on(["classes", "hidden", "palette"], ({ classes, hidden, visible }) => {
    draw(true);
    setText(summary, hidden.size ? `${count(classes.length - hidden.size)} of ${plural(classes.length, "class", "classes")} shown` : plural(classes.length, "class", "classes"));
    show(all, hidden.size > 0);
  }, { now: true });
  return element;
}

/** @param {App} app @param {LegendClass} each @param {Map<number, number>} ranks */
function classRow(app, each, ranks) {
  const { hidden, classes, palette } = app.store.state;
  const off = hidden.has(each.index);
  const alone = !off && hidden.size === classes.length - 1;
  const swatch = el("span", { class: "swatch" });
  if (palette) swatch.style.background = classCss(palette, ranks.get(each.index) ?? -1);
  return el(
    "li",
    { class: `class-row ${off ? "off" : ""}` },
    el(
      "button",
      {
        type: "button", class: "class-name", title: alone ? "Show all classes" : `Show only ${each.name}`, "data-class": each.index,
        "aria-pressed": String(alone), onclick: () => isolateClass(app, each.index), testid: "legend-class",
        "aria-label": `${each.name}, ${plural(each.count, "image")}${off ? ", hidden" : ""}. Show only these`,
      },
      swatch,
      el("span", { class: "grow ellipsis" }, each.name),
      el("span", { class: "class-count muted" }, count(each.count)),
    ),
    el("span", { class: "class-tools" }, tool("selection", `Select ${each.name}`, (event) => select(app, rowsOfClass(app, each.index), combineOf(app, event)), "legend-select"),
      tool(off ? "hidden" : "eye", off ? `Show ${each.name}` : `Hide ${each.name}`, () => toggleClass(app, each.index), "legend-toggle")),
  );
}

/** @param {string} name @param {string} label @param {(event: MouseEvent) => void} onclick @param {string} testid */
function tool(name, label, onclick, testid) {
  return el("button", { type: "button", class: "class-tool", title: label, "aria-label": label, onclick, testid }, icon(name));
}
