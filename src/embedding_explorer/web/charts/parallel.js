// @ts-check
/** Parallel coordinates: one axis for each column, one line for each row; a part of an axis is chosen by dragging along it. */
import { el } from "../ui/dom.js";
import { short } from "./axes.js";
import { followTheme } from "./follow_theme.js";
import { pathOf } from "./series.js";
import { logTicks, scale, ticks } from "./scale.js";
import { svg } from "./svg.js";

/** @typedef {import("../logs/data/hparams.js").Column} Column */
/** @typedef {import("../logs/data/hparams.js").Filters} Filters */

const SIDE = 60, TOP = 34, BOTTOM = 14; // px
const LEAST_GAP = 118; // px between two axes: then the chart scrolls
const MOST_NAMES = 14; // of an axis
const MOST_LETTERS = 14;
const LEAST_DRAG = 5;

export class Parallel {
  /**
   * @param {{label: string, height?: number, colour: (row: number) => string, onbrush: (name: string, range: [number, number]|null) => void, onhover: (row: number|null) => void}} options
   */
  constructor({ label, height = 300, colour, onbrush, onhover }) {
    this.height = height;
    this.colour = colour;
    this.onbrush = onbrush;
    this.onhover = onhover;
    /** @type {Column[]} */
    this.columns = [];
    /** @type {boolean[]} */
    this.kept = [];
    /** @type {Filters} */
    this.filters = {};
    this.element = el("div", { class: "parallel table-scroll-x", role: "group", tabindex: 0, "aria-label": `${label}. The same filters are in the table's head.` });
    new ResizeObserver(() => this.draw()).observe(this.element);
    followTheme(this, (chart) => chart.draw());
  }

  /** @param {Column[]} columns @param {boolean[]} kept whether each row passes the filters @param {Filters} filters */
  update(columns, kept, filters) {
    Object.assign(this, { columns, kept, filters });
    this.draw();
  }

  draw() {
    const { columns, height } = this;
    const shown = this.element.clientWidth;
    if (shown < 40 || !columns.length) return;
    const width = Math.max(shown, 2 * SIDE + (columns.length - 1) * LEAST_GAP);
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
    const x = (/** @type {number} */ index) => (columns.length > 1 ? SIDE + (index * (width - 2 * SIDE)) / (columns.length - 1) : width / 2);
    const y = columns.map((column) => scale(column.extent, [height - BOTTOM, TOP], column.log));
    root.append(...this.#lines(x, y), ...columns.flatMap((column, index) => this.#axis(column, x(index), y[index])));
    this.root = root;
    this.element.replaceChildren(root);
  }

  /** @param {(index: number) => number} x @param {((value: number) => number)[]} y */
  #lines(x, y) {
    const order = [...this.kept.keys()].sort((a, b) => Number(this.kept[a]) - Number(this.kept[b]));
    return order.map((row) => {
      const points = /** @type {[number, number][]} */ (this.columns.map((column, index) => [x(index), y[index](column.places[row])]).filter(([, place]) => Number.isFinite(place)));
      const line = svg("path", { class: `parallel-line${this.kept[row] ? "" : " out"}`, d: pathOf(points), "data-row": row });
      line.style.stroke = this.kept[row] ? this.colour(row) : "";
      line.addEventListener("pointerenter", () => this.onhover(row));
      line.addEventListener("pointerleave", () => this.onhover(null));
      return line;
    });
  }

  /** Draw one line over the others. @param {number|null} row */
  mark(row) {
    for (const line of this.root?.querySelectorAll(".parallel-line.near") ?? []) line.classList.remove("near");
    const line = row === null ? null : this.root?.querySelector(`[data-row="${row}"]`);
    line?.classList.add("near");
  }

  /** @param {Column} column @param {number} x @param {(value: number) => number} y */
  #axis(column, x, y) {
    const { height } = this;
    const { names } = column;
    const marks = names ? names.map((text, at) => ({ at, text })).filter((_, index) => index % Math.ceil(names.length / MOST_NAMES) === 0) : (column.log ? logTicks(column.extent) : ticks(column.extent, 6)).map((at) => ({ at, text: short(at) }));
    const parts = [
      svg("line", { class: "chart-mark", x1: x, x2: x, y1: TOP, y2: height - BOTTOM }),
      svg("text", { class: `parallel-name ${column.kind}`, x, y: 16, "text-anchor": "middle" }, cut(column.label)),
      ...marks.map(({ at, text }) => svg("text", { class: "chart-tick halo", x: x - 6, y: y(at) + 4, "text-anchor": "end" }, cut(text))),
    ];
    const range = this.filters[column.name]?.range;
    const brush = svg("rect", { class: "parallel-brush", x: x - 9, width: 18, y: 0, height: 0 });
    if (range) place(brush, y(Math.min(range[1], column.extent.high)), y(Math.max(range[0], column.extent.low)));
    const handle = svg("rect", { class: "parallel-handle", x: x - 12, width: 24, y: TOP - 6, height: height - TOP - BOTTOM + 12 });
    this.#drag(handle, brush, column, y);
    return [...parts, brush, handle];
  }

  /** @param {SVGElement} handle @param {SVGElement} brush @param {Column} column @param {(value: number) => number} y */
  #drag(handle, brush, column, y) {
    let from = /** @type {number|null} */ (null);
    const at = (/** @type {PointerEvent} */ event) => Math.min(this.height - BOTTOM, Math.max(TOP, event.clientY - /** @type {SVGElement} */ (this.root).getBoundingClientRect().top));
    const { low, high } = column.extent;
    const value = (/** @type {number} */ pixel) => {
      const part = (pixel - y(low)) / (y(high) - y(low));
      // The ends exactly: rounding must not leave out what lies there.
      if (part < 0.005 || part > 0.995) return part < 0.5 ? low : high;
      return column.log ? low * (high / low) ** part : low + part * (high - low);
    };
    handle.addEventListener("pointerdown", (event) => {
      from = at(event);
      handle.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    handle.addEventListener("pointermove", (event) => from !== null && place(brush, from, at(event)));
    handle.addEventListener("pointerup", (event) => {
      const [start, end] = [from, at(event)];
      from = null;
      if (start === null) return;
      const range = [value(Math.max(start, end)), value(Math.min(start, end))].sort((a, b) => a - b);
      this.onbrush(column.name, Math.abs(end - start) < LEAST_DRAG ? null : /** @type {[number, number]} */ (range));
    });
  }
}

/** @param {SVGElement} brush @param {number} a @param {number} b */
function place(brush, a, b) {
  brush.setAttribute("y", String(Math.min(a, b)));
  brush.setAttribute("height", String(Math.abs(a - b)));
}

/** @param {string} text */
function cut(text) {
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text;
}
