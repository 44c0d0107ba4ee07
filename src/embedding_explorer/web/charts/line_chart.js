// @ts-check
/** A line chart: several lines, a second axis, readout by pointer and by arrow keys, smoothing, logarithms, a table. */
import { el, fillIn, setText, show, uniqueId } from "../ui/dom.js";
import { figure } from "../ui/format.js";
import { extentOf, logTicks, padded, scale, ticks } from "./scale.js";
import { inWords, pathOf, pieces, positions, readout, smoothed } from "./series.js";
import { svg } from "./svg.js";

/** @typedef {import("./series.js").Series} Series */
/**
 * @typedef {object} ChartOptions
 * @property {string} label what the chart shows
 * @property {string} [xLabel]
 * @property {string} [leftLabel]
 * @property {string} [rightLabel]
 * @property {number} [height] px
 * @property {boolean} [controls] smoothing and logarithms
 * @property {string} [testid]
 */

const MARGIN = { top: 10, right: 16, bottom: 36, left: 62 };
const SECOND_AXIS = 48;
const COLOURS = 6; // classes series-0 … in style.css
const TABLE_ROWS = 500;

/** One chart; `element` goes into the page, `update` takes other lines. */
export class LineChart {
  /** @param {ChartOptions} options */
  constructor(options) {
    this.options = { xLabel: "", leftLabel: "", rightLabel: "", height: 260, controls: true, ...options };
    this.lines = /** @type {Series[]} */ ([]);
    this.hidden = new Set();
    this.weight = 0;
    this.log = false;
    this.at = /** @type {number|null} */ (null);
    this.element = this.#build();
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  /** Show these lines. @param {Series[]} lines */
  update(lines) {
    this.lines = lines;
    this.#legend();
    setText(this.words, lines.map((line) => inWords(line, this.options.xLabel || "x")).join(" ") || "No values yet.");
    this.draw();
    if (this.table.open) this.#tabulate();
  }

  #build() {
    const { label, height, controls, testid } = this.options;
    const words = uniqueId("chart-words");
    this.words = el("p", { class: "sr-only", id: words });
    this.spoken = el("p", { class: "sr-only", "aria-live": "polite" });
    this.tip = el("div", { class: "chart-tip", hidden: true });
    this.plot = el("div", {
      class: "chart-plot", tabindex: 0, role: "group", "aria-roledescription": "chart", "aria-label": `${label}. Arrow keys read values.`, "aria-describedby": words,
      onpointermove: (event) => this.#point(event), onpointerleave: () => this.#leave(), onkeydown: (event) => this.#key(event), onblur: () => this.#leave(),
    });
    this.plot.style.height = `${height}px`;
    this.keys = el("div", { class: "chart-keys row wrap" });
    this.table = el("details", { class: "chart-table", ontoggle: () => this.table.open && this.#tabulate() }, el("summary", null, "Values as a table"));
    return el("figure", { class: "chart", "aria-label": label, testid },
      el("div", { class: "chart-head row wrap" }, this.keys, controls && this.#controls()), this.plot, this.words, this.spoken, this.table);
  }

  #controls() {
    const smooth = el("input", { type: "range", class: "slider", min: 0, max: 0.99, step: 0.01, value: "0", oninput: () => ((this.weight = Number(smooth.value)), this.draw()) });
    const log = el("input", { type: "checkbox", onchange: () => ((this.log = log.checked), this.draw()) });
    return el("div", { class: "chart-controls row" },
      el("label", { class: "row small muted" }, "Smooth", smooth), el("label", { class: "row small muted" }, log, "Log scale"));
  }

  #legend() {
    const wanted = this.lines.map(({ id }) => id).join("\n");
    if (this.keys.dataset.shown === wanted) return;
    this.keys.dataset.shown = wanted;
    fillIn(this.keys, this.lines.map((line, index) => el("button", {
      type: "button", class: "chart-key", "aria-pressed": String(!this.hidden.has(line.id)), onclick: (event) => this.#toggle(line.id, event.currentTarget),
    }, el("span", { class: `chart-swatch series-${index % COLOURS} ${line.axis}`, "aria-hidden": "true" }), line.name)));
  }

  /** @param {string} id @param {any} key */
  #toggle(id, key) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    key.setAttribute("aria-pressed", String(!this.hidden.has(id)));
    this.draw();
  }

  /** The lines that are shown, smoothed, with the place of their colour. */
  get #shown() {
    return this.lines.map((line, index) => ({ ...line, raw: line, y: smoothed(line.y, this.weight), colour: index % COLOURS })).filter(({ id }) => !this.hidden.has(id));
  }

  /** Draw anew; for a change of the theme nothing need be called. */
  draw() {
    const width = this.plot.clientWidth;
    if (width < 40) return;
    const { height, xLabel, leftLabel, rightLabel } = this.options;
    const lines = this.#shown;
    const right = lines.some(({ axis }) => axis === "right");
    const box = { left: MARGIN.left, top: MARGIN.top, right: width - (right ? SECOND_AXIS : MARGIN.right), bottom: height - MARGIN.bottom };
    const axes = this.#axes(lines, box);
    const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
    if (axes.x) {
      root.append(...grid(axes, box));
      for (const line of lines) root.append(...drawn(line, axes, this.weight > 0));
    } else root.append(svg("text", { class: "chart-empty", x: width / 2, y: height / 2, "text-anchor": "middle" }, "No values yet"));
    root.append(...axisNames(box, xLabel, leftLabel, right ? rightLabel : ""));
    this.axes = axes;
    this.box = box;
    this.plot.replaceChildren(root, this.tip);
    if (this.at !== null) this.#mark(this.at);
  }

  /** @param {Series[]} lines @param {any} box */
  #axes(lines, box) {
    const x = extentOf(lines.flatMap((line) => line.x));
    const on = (/** @type {string} */ axis) => extentOf(lines.filter((line) => line.axis === axis).flatMap(({ y }) => (this.log && axis === "left" ? y.filter((value) => value !== null && value > 0) : y)));
    const left = on("left");
    const right = on("right");
    const leftExtent = left && (this.log ? { low: left.low, high: Math.max(left.high, left.low * 1.01) } : padded(left));
    const rightExtent = right && padded(right);
    return {
      x: x && { ...x, to: scale(x, [box.left, box.right]) },
      left: leftExtent && { ...leftExtent, log: this.log, to: scale(leftExtent, [box.bottom, box.top], this.log) },
      right: rightExtent && { ...rightExtent, log: false, to: scale(rightExtent, [box.bottom, box.top]) },
    };
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const x = this.axes?.x;
    if (!x) return;
    const place = event.clientX - this.plot.getBoundingClientRect().left;
    const { left, right } = this.box;
    this.#mark(x.low + ((place - left) / (right - left || 1)) * (x.high - x.low));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const xs = positions(this.#shown);
    if (!xs.length) return;
    const now = this.at === null ? -1 : xs.findIndex((x) => x >= /** @type {number} */ (this.at));
    const next = { ArrowRight: now + 1, ArrowLeft: now < 0 ? xs.length - 1 : now - 1, Home: 0, End: xs.length - 1 }[event.key];
    if (event.key === "Escape") return this.#leave();
    if (next === undefined) return;
    event.preventDefault();
    this.#mark(xs[Math.min(xs.length - 1, Math.max(0, next))]);
    setText(this.spoken, this.tip.innerText.replace(/\n+/g, ", "));
  }

  /** Read the values at `x`. @param {number} x */
  #mark(x) {
    const lines = this.#shown;
    const xs = positions(lines);
    const found = readout(lines, x);
    if (!found.length) return this.#leave();
    this.at = xs.reduce((best, each) => (Math.abs(each - x) < Math.abs(best - x) ? each : best));
    const place = this.axes.x.to(this.at);
    this.plot.querySelector(".chart-cursor")?.remove();
    const marks = readout(lines, this.at).map(({ line, x: at, y }) => ({ line: /** @type {any} */ (line), at, y, place: this.axes[line.axis]?.to(y) })).filter((mark) => Number.isFinite(mark.place));
    this.plot.querySelector("svg")?.append(svg("g", { class: "chart-cursor" }, svg("line", { x1: place, x2: place, y1: this.box.top, y2: this.box.bottom }),
      ...marks.map((mark) => svg("circle", { class: `series-${mark.line.colour}`, r: 3.5, cx: this.axes.x.to(mark.at), cy: mark.place }))));
    fillIn(this.tip, el("strong", null, `${this.options.xLabel} ${figure(this.at)}`),
      marks.map(({ line, y }) => el("span", { class: "row" }, el("i", { class: `chart-swatch series-${line.colour} ${line.axis}` }), el("span", { class: "grow" }, line.name), el("b", null, `${figure(y)}${line.unit ?? ""}`))));
    show(this.tip, true);
    const beyond = place > (this.box.left + this.box.right) / 2;
    this.tip.style.left = beyond ? "" : `${place + 12}px`;
    this.tip.style.right = beyond ? `${this.plot.clientWidth - place + 12}px` : "";
  }

  #leave() {
    this.at = null;
    show(this.tip, false);
    this.plot.querySelector(".chart-cursor")?.remove();
  }

  #tabulate() {
    const xs = positions(this.lines).slice(-TABLE_ROWS);
    const cell = (/** @type {Series} */ line, /** @type {number} */ x) => {
      const value = line.y[line.x.indexOf(x)];
      return el("td", { class: "number" }, value === null || value === undefined ? "" : figure(value));
    };
    const head = el("tr", null, el("th", { scope: "col" }, this.options.xLabel || "x"), this.lines.map((line) => el("th", { scope: "col", class: "number" }, line.name)));
    const rows = xs.map((x) => el("tr", null, el("th", { scope: "row" }, figure(x)), this.lines.map((line) => cell(line, x))));
    const table = el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": `${this.options.label}, values` }, el("table", { class: "table" }, el("thead", null, head), el("tbody", null, rows)));
    this.table.replaceChildren(/** @type {Node} */ (this.table.firstElementChild), table);
  }
}

/** @param {any} axes @param {any} box @returns {SVGElement[]} */
function grid({ x, left, right }, box) {
  const parts = [];
  const main = left ?? right;
  for (const value of marks(main, 5)) parts.push(svg("line", { class: "chart-grid", x1: box.left, x2: box.right, y1: main.to(value), y2: main.to(value) }));
  if (left) for (const value of marks(left, 5)) parts.push(svg("text", { class: "chart-tick", x: box.left - 8, y: left.to(value) + 4, "text-anchor": "end" }, short(value)));
  if (right) for (const value of marks(right, 5)) parts.push(svg("text", { class: "chart-tick", x: box.right + 8, y: right.to(value) + 4 }, short(value)));
  for (const value of ticks(x, Math.max(2, (box.right - box.left) / 60))) {
    parts.push(svg("line", { class: "chart-mark", x1: x.to(value), x2: x.to(value), y1: box.bottom, y2: box.bottom + 4 }));
    parts.push(svg("text", { class: "chart-tick", x: x.to(value), y: box.bottom + 17, "text-anchor": "middle" }, short(value)));
  }
  parts.push(svg("line", { class: "chart-mark", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  return parts;
}

/** @param {any} axis @param {number} count */
function marks(axis, count) {
  return axis.log ? logTicks(axis) : ticks(axis, count);
}

/** Numbers of an axis. @param {number} value */
function short(value) {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(0).replace("e+", "e") : figure(value);
}

/** @param {any} line @param {any} axes @param {boolean} isSmoothed @returns {SVGElement[]} */
function drawn(line, axes, isSmoothed) {
  const to = axes[line.axis].to;
  const kind = `series-${line.colour} ${line.axis}`;
  const paths = (/** @type {Series} */ each, /** @type {string} */ more) => pieces(each, axes.x.to, to).flatMap((points) =>
    points.length > 1 ? [svg("path", { class: `chart-line ${kind} ${more}`, d: pathOf(points) })] : [svg("circle", { class: `chart-dot ${kind} ${more}`, cx: points[0][0], cy: points[0][1], r: 3 })]);
  return isSmoothed ? [...paths({ ...line, y: line.raw.y }, "faint"), ...paths(line, "")] : paths(line, "");
}

/** @param {any} box @param {string} x @param {string} left @param {string} right @returns {SVGElement[]} */
function axisNames(box, x, left, right) {
  const middle = (box.top + box.bottom) / 2;
  const turned = (/** @type {string} */ text, /** @type {number} */ at) => svg("text", { class: "chart-name", transform: `translate(${at} ${middle}) rotate(-90)`, "text-anchor": "middle" }, text);
  return [svg("text", { class: "chart-name", x: (box.left + box.right) / 2, y: box.bottom + 32, "text-anchor": "middle" }, x), turned(left, 10), turned(right, box.right + 44)];
}
