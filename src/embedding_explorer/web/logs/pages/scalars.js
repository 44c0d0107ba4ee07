// @ts-check
/** Scalars: one chart for each tag, with all chosen runs that have it. */
import { followTheme } from "../../charts/follow_theme.js";
import { RunLines } from "../../charts/run_lines.js";
import { el, setText } from "../../ui/dom.js";
import { plural } from "../../ui/format.js";
import { button, segmented } from "../../ui/parts/controls.js";
import { openDialog } from "../../ui/parts/dialog.js";
import { saveBlob } from "../../ui/parts/saving.js";
import { grouped, matcher } from "../data/categories.js";
import { csvOf, fileName, placed, scalarsOf } from "../data/series.js";
import { valueTable } from "../ui/value_table.js";
import { runColour } from "../ui/colours.js";
import { cardFrame, Deck, deckTools } from "../ui/deck.js";

/** @typedef {import("../data/book.js").Book} Book */

/** @param {Book} book @returns {import("../ui/stage.js").Page} */
export function open(book) {
  const deck = new Deck({ label: "Scalars", empty: "No chosen run has such a scalar.", kind: "wide" });
  const update = () => {
    const { categories, chosen, filter } = book.state;
    const groups = grouped(categories ?? {}, chosen, "scalar", matcher(filter));
    deck.set(groups.flatMap(({ name, tags }) => tags.map(({ tag }) => ({ key: tag, group: name, make: () => scalarCard(book, tag) }))));
    deck.update();
  };
  followTheme(deck, (each) => each.update());
  update();
  return { element: el("div", null, deckTools(book, ...options(book)), deck.element), update, refresh: () => deck.refresh(), close: () => deck.close() };
}

/** @param {Book} book */
function options(book) {
  const value = el("output", { class: "small" });
  const slider = el("input", { type: "range", class: "slider", min: 0, max: 0.99, step: 0.01, value: String(book.state.weight), testid: "smoothing", oninput: () => (book.store.set({ weight: Number(slider.value) }), setText(value, slider.value)) });
  setText(value, slider.value);
  const axis = segmented({ label: "Horizontal axis", onchange: (chosen) => (axis.set(chosen), book.store.set({ axis: /** @type {any} */ (chosen) })), choices: [
    { value: "step", label: "Step", testid: "axis-step" }, { value: "relative", label: "Relative", testid: "axis-relative", title: "Time since the first value" }, { value: "wall", label: "Time", testid: "axis-wall" }] });
  axis.set(book.state.axis);
  const tick = (/** @type {string} */ label, /** @type {"log"|"outliers"} */ key, /** @type {string} */ title) => {
    const input = el("input", { type: "checkbox", checked: book.state[key], testid: key, onchange: () => book.store.set({ [key]: input.checked }) });
    return el("label", { class: "check", title }, input, label);
  };
  return [el("label", { class: "row smoothing" }, "Smoothing", slider, value), axis.element, tick("Log scale", "log", "Values below zero are left out"), tick("Ignore outliers", "outliers", "The middle 90 % of the values fill the chart")];
}

/** @param {Book} book @param {string} tag @returns {import("../ui/deck.js").Card} */
function scalarCard(book, tag) {
  const chart = new RunLines({ label: tag, height: 210, testid: "scalar-chart" });
  const source = new Source(book, tag);
  const large = button("Full size", { icon: "zoom", kind: "quiet small", only: true, testid: "full-size", onclick: () => enlarge(book, source, large) });
  const actions = el("div", { class: "row tag-actions" }, button("Download CSV", { icon: "download", kind: "quiet small", only: true, testid: "csv", onclick: () => void source.save() }), large);
  const update = () => {
    chart.update(source.lines(), book.state);
    for (const listener of source.listeners) listener();
  };
  const card = {
    element: cardFrame({ tag, actions, body: chart.element, testid: "scalar-card" }), update: () => {
      if (source.complete()) update();
      else void card.refresh();
    },
    refresh: async () => {
      const changed = await source.fetch();
      if (changed) update();
      return changed;
    },
  };
  return card;
}

/** The values of one tag in the chosen runs. */
class Source {
  /** @param {Book} book @param {string} tag */
  constructor(book, tag) {
    this.book = book;
    this.tag = tag;
    /** @type {Map<string, import("../data/series.js").Scalars>} */
    this.runs = new Map();
    this.shown = "";
    this.listeners = new Set();
    this.cache = new WeakMap();
  }

  get wanted() {
    const { categories, chosen } = this.book.state;
    return chosen.filter((run) => Object.values(categories?.[run]?.scalar ?? {}).some((tags) => /** @type {string[]} */ (tags).includes(this.tag)));
  }

  complete() {
    return this.wanted.every((run) => this.runs.has(run));
  }

  /** @returns {Promise<boolean>} whether anything was new */
  async fetch() {
    const found = await Promise.all(this.wanted.map(async (run) => /** @type {const} */ ([run, await this.book.logs.get("scalar", { run, tag: this.tag, form: "array" }, scalarsOf)])));
    const before = this.shown;
    const changed = found.some(([run, scalars]) => this.runs.get(run) !== scalars);
    for (const [run, scalars] of found) this.runs.set(run, scalars);
    this.shown = found.map(([run]) => run).join("\n");
    return changed || this.shown !== before;
  }

  lines() {
    const { axis } = this.book.state;
    return this.wanted.filter((run) => this.runs.has(run)).map((run) => ({ run, colour: runColour(this.book, run), data: this.#placed(/** @type {any} */ (this.runs.get(run)), axis) }));
  }

  /** @param {import("../data/series.js").Scalars} scalars @param {import("../data/series.js").Axis} axis */
  #placed(scalars, axis) {
    const known = this.cache.get(scalars);
    if (known?.axis === axis) return known.data;
    const data = placed(scalars, axis);
    this.cache.set(scalars, { axis, data });
    return data;
  }

  async save() {
    await this.fetch();
    const runs = this.wanted.map((run) => ({ run, scalars: /** @type {any} */ (this.runs.get(run)) }));
    saveBlob(new Blob([csvOf(runs)], { type: "text/csv" }), `${fileName(this.tag)}.csv`);
  }
}

/** @param {Book} book @param {Source} source @param {HTMLElement} opener */
function enlarge(book, source, opener) {
  const chart = new RunLines({ label: source.tag, height: Math.max(240, Math.min(560, innerHeight - 260)), testid: "large-chart" });
  const table = valueTable(book);
  const told = el("p", { class: "small muted" });
  const draw = () => {
    const lines = source.lines();
    chart.update(lines, book.state);
    table.update(lines);
    setText(told, `${plural(lines.length, "run")}, ${plural(lines.reduce((sum, { data }) => sum + data.x.length, 0), "value")}. Drag over a part of it to enlarge that, double-click to see all.`);
  };
  const stop = book.store.on(["weight", "axis", "log", "outliers"], draw);
  source.listeners.add(draw);
  draw();
  openDialog({ title: source.tag, body: [chart.element, told, table.element], kind: "full", testid: "full", onclose: () => {
    source.listeners.delete(draw);
    stop();
    opener.focus();
  } });
}
