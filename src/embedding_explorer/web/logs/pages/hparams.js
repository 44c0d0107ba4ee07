// @ts-check
/** Hyper-parameters: sessions as lines over parallel axes, and as a table that sorts and filters. */
import { Parallel } from "../../charts/parallel.js";
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { figure, plural } from "../../ui/format.js";
import { button } from "../../ui/parts/controls.js";
import { LogError } from "../data/api.js";
import { tagsOf } from "../data/categories.js";
import { passing, sessionsOf, sorted } from "../data/hparams.js";
import { chooser } from "../ui/choices.js";
import { colourAt } from "../ui/colours.js";
import { continuous, css } from "../../core/palette.js";
import { theme } from "../../ui/state/theme.js";

const MOST_ROWS = 500; // of the table

/** @param {import("../data/book.js").Book} book @returns {import("../ui/stage.js").Page} */
export function open(book) {
  const page = new Sessions(book);
  return { element: page.element, update: () => void page.refresh().catch((error) => book.told(error)), refresh: () => page.refresh() };
}

class Sessions {
  /** @param {import("../data/book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.sort = { by: /** @type {string|null} */ (null), way: 1 };
    /** @type {import("../data/hparams.js").Filters} */
    this.filters = {};
    this.sessions = sessionsOf([]);
    this.shown = /** @type {any[]} */ ([]);
    this.chart = new Parallel({ label: "Sessions over parallel axes", colour: (row) => this.#colour(row), onbrush: (name, range) => this.#filter(name, range), onhover: (row) => this.#near(row) });
    this.by = chooser({ label: "Colour by", testid: "hparams-colour", onchange: () => this.draw() });
    this.total = el("p", { class: "small muted grow-text", "aria-live": "polite", testid: "hparams-total" });
    this.clear = button("Clear filters", { kind: "small", testid: "hparams-clear", onclick: () => ((this.filters = {}), this.draw()) });
    this.head = el("thead");
    this.body = el("tbody");
    this.table = el("div", { class: "card sessions-card", tabindex: 0, role: "region", "aria-label": "Sessions" }, el("table", { class: "table sessions", testid: "sessions" }, this.head, this.body));
    this.none = el("p", { class: "muted empty", hidden: true }, "No chosen run has hyper-parameters.");
    this.element = el("div", null, this.none, el("div", { class: "card padded" }, el("div", { class: "row wrap" }, this.total, this.by.element, this.clear), this.chart.element), this.table);
  }

  async refresh() {
    const { categories, chosen } = this.book.state;
    const runs = chosen.filter((run) => tagsOf(categories?.[run], "hparams").length > 0);
    const answers = await Promise.all(runs.map(async (run) => ({ run, data: await this.book.logs.get("hyperparm", { run }).catch(withoutSessions) })));
    if (answers.length === this.shown.length && answers.every(({ data }, index) => data === this.shown[index])) return false;
    this.shown = answers.map(({ data }) => data);
    this.sessions = sessionsOf(answers);
    const metric = this.sessions.columns.find(({ kind }) => kind === "metric") ?? this.sessions.columns[0];
    this.by.set(this.sessions.columns.map(({ name, label }) => ({ value: name, label })), this.by.value || metric?.name);
    this.draw(true);
    return true;
  }

  /** @param {boolean} [columns] whether other columns are there */
  draw(columns = false) {
    const { sessions, filters, sort } = this;
    const kept = passing(sessions, filters);
    show(this.none, sessions.names.length === 0);
    this.chart.update(sessions.columns, kept, filters);
    const rows = sorted(sessions, sort.by, sort.way).filter((row) => kept[row]);
    setText(this.total, `${rows.length} of ${plural(sessions.names.length, "session")}${rows.length > MOST_ROWS ? `, the first ${MOST_ROWS} in the table` : ""}`);
    this.clear.disabled = Object.keys(filters).length === 0;
    if (columns || !this.head.children.length) this.#head();
    this.#marks();
    fillIn(this.body, rows.slice(0, MOST_ROWS).map((row) => this.#row(row)));
  }

  #head() {
    const cell = (/** @type {string} */ name, /** @type {string} */ label, /** @type {any} */ more, kind = "") => el("th", { scope: "col", "data-column": name },
      el("button", { type: "button", class: `sort ${kind}`, onclick: () => this.#sort(name) }, label, el("span", { class: "way", "aria-hidden": "true" })), more);
    fillIn(this.head, el("tr", null, cell("", "Session", null), this.sessions.columns.map((column) => cell(column.name, column.label, this.#bounds(column), column.kind))));
  }

  /** Fields for the same filters that can be dragged on the axes. @param {import("../data/hparams.js").Column} column */
  #bounds(column) {
    if (column.names) {
      const names = column.names;
      const select = el("select", { class: "select", "aria-label": `Only sessions with ${column.label}`, "data-bound": column.name, onchange: () => this.#filter(column.name, select.value === "" ? null : [Number(select.value) - 0.4, Number(select.value) + 0.4]) },
        el("option", { value: "" }, "any"), names.map((name, index) => el("option", { value: String(index) }, name)));
      return el("div", { class: "bounds" }, select);
    }
    const inputs = ["from", "to"].map((word, side) => el("input", { class: "input", type: "text", inputmode: "decimal", placeholder: word, "aria-label": `${column.label} ${word}`, "data-bound": column.name, "data-side": side, onchange: () => {
      const [low, high] = inputs.map((input) => (input.value.trim() === "" ? NaN : Number(input.value)));
      const range = /** @type {[number, number]} */ ([Number.isNaN(low) ? -Infinity : low, Number.isNaN(high) ? Infinity : high]);
      this.#filter(column.name, range.some(Number.isFinite) ? range : null);
    } }));
    return el("div", { class: "bounds" }, inputs);
  }

  /** Show in the head what is sorted and filtered. */
  #marks() {
    for (const cell of this.head.querySelectorAll("th")) {
      const name = cell.dataset.column ?? "";
      const on = this.sort.by === name;
      if (on) cell.setAttribute("aria-sort", this.sort.way > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
      setText(/** @type {Element} */ (cell.querySelector(".way")), on ? (this.sort.way > 0 ? "▲" : "▼") : "");
      const range = this.filters[name]?.range;
      for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (cell.querySelectorAll("[data-bound]"))) {
        if (input.tagName === "SELECT") input.value = range && range[1] - range[0] < 1 ? String(Math.round((range[0] + range[1]) / 2)) : "";
        else if (document.activeElement !== input) input.value = range && Number.isFinite(range[Number(input.dataset.side)]) ? String(Number(range[Number(input.dataset.side)].toPrecision(4))) : "";
      }
    }
  }

  /** @param {number} row */
  #row(row) {
    const { names, columns } = this.sessions;
    const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = this.#colour(row);
    return el("tr", { "data-row": row, onpointerenter: () => this.chart.mark(row), onpointerleave: () => this.chart.mark(null) },
      el("th", { scope: "row" }, el("span", { class: "row" }, swatch, names[row])), columns.map(({ values, names: texts }) => el("td", { class: texts ? null : "number" }, shownValue(values[row]))));
  }

  /** @param {string} name */
  #sort(name) {
    this.sort = { by: name, way: this.sort.by === name ? -this.sort.way : 1 };
    this.draw();
  }

  /** @param {string} name @param {[number, number]|null} range */
  #filter(name, range) {
    const { [name]: _, ...others } = this.filters;
    this.filters = range ? { ...others, [name]: { range } } : others;
    this.draw();
  }

  /** @param {number|null} row */
  #near(row) {
    for (const old of this.body.querySelectorAll(".near")) old.classList.remove("near");
    this.chart.mark(row);
    if (row !== null) this.body.querySelector(`[data-row="${row}"]`)?.classList.add("near");
  }

  /** @param {number} row */
  #colour(row) {
    const column = this.sessions.columns.find(({ name }) => name === this.by.value);
    if (!column || !Number.isFinite(column.places[row])) return "var(--text-3)";
    if (column.names) return colourAt(column.places[row]);
    const { low, high } = column.extent;
    return css(continuous(theme()), Math.round((254 * (column.places[row] - low)) / (high - low)));
  }
}

/** A run whose sessions have not been read yet has none. @param {unknown} error */
function withoutSessions(error) {
  if (error instanceof LogError) return null;
  throw error;
}

/** @param {import("../data/hparams.js").Value} value */
function shownValue(value) {
  if (value === null) return "–";
  return typeof value === "number" ? (Math.abs(value) > 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : figure(value)) : String(value);
}
