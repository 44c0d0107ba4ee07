// @ts-check
/** A scalar of several runs: lines of any length on a canvas, smoothed, on one of three axes, a part of it enlarged. */
import { axisText, marksOf, short } from "./axes.js";
import { lowerBound, nearestIndex, smooth, thinned } from "./points.js";
import { figure } from "../ui/format.js";
import { Plot, stroke } from "./plot.js";
import { extentOf, logTicks, padded, scale, ticks } from "./scale.js";

/** @typedef {{run: string, colour: string, data: import("../logs/data/series.js").Placed}} RunLine */
/** @typedef {{axis: import("../logs/data/series.js").Axis, weight: number, log: boolean, outliers: boolean}} Look */

const MOST_READ = 12; // runs in the readout
const LEAST_DRAG = 6; // px
const FEW = 20; // values of which none is an outlier

export class RunLines extends Plot {
  /** @param {{label: string, height?: number, testid?: string}} options */
  constructor(options) {
    super({ ...options, keys: "Left and right arrows read values, plus and minus enlarge, 0 shows all." });
    /** @type {(RunLine & {smoothed: Float64Array})[]} */
    this.lines = [];
    /** @type {Look} */
    this.look = { axis: "step", weight: 0, log: false, outliers: false };
    /** @type {[number, number]|null} */
    this.zoom = null;
    /** @type {number|null} */
    this.drag = null;
  }

  /** Show these lines. @param {RunLine[]} lines @param {Look} look */
  update(lines, look) {
    if (look.axis !== this.look.axis) [this.zoom, this.cursor] = [null, null];
    this.look = { ...look };
    this.lines = lines.map((line) => ({ ...line, smoothed: smooth(line.data.y, look.weight) }));
    this.words.textContent = this.lines.map(inWords).join(" ") || "No values yet.";
    this.redraw();
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Box} box */
  paint(context, box) {
    const axes = this.#axes(box);
    this.axes = axes;
    if (!axes) return this.nothing(context, this.look.log ? "No values above zero" : "No values yet");
    this.marksLeft(context, (this.look.log ? logTicks(axes.y) : ticks(axes.y, 5)).map((value) => ({ place: axes.toY(value), text: short(value) })));
    this.marksBelow(context, marksOf(this.look.axis, axes.x, Math.max(2, (box.right - box.left) / 70)).map(({ at, text }) => ({ place: axes.toX(at), text })));
    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 3, box.right - box.left + 2, box.bottom - box.top + 5);
    context.clip();
    context.lineJoin = "round";
    for (const line of this.lines) {
      if (this.look.weight > 0) this.#line(context, line, line.data.y, 0.25);
      this.#line(context, line, line.smoothed, 1);
    }
    context.restore();
    if (this.cursor) this.#cursor(context, box);
  }

  /** @param {import("./plot.js").Box} box */
  #axes(box) {
    const whole = extentOf(this.lines.flatMap(({ data }) => (data.x.length ? [data.x[0], data.x[data.x.length - 1]] : [])));
    if (!whole) return null;
    const x = this.zoom ? { low: this.zoom[0], high: this.zoom[1] } : whole;
    const y = this.#heights(x);
    if (!y) return null;
    const room = this.look.log ? { low: y.low, high: Math.max(y.high, y.low * 1.01) } : padded(y);
    const wide = x.high > x.low ? x : { low: x.low - 0.5, high: x.high + 0.5 };
    return { whole, x: wide, y: room, toX: scale(wide, [box.left, box.right]), toY: scale(room, [box.bottom, box.top], this.look.log) };
  }

  /** The heights that must fit. @param {{low: number, high: number}} x */
  #heights(x) {
    const { log, outliers, weight } = this.look;
    if (!outliers) return this.#extent(x);
    const values = [];
    for (const { data, smoothed } of this.lines) {
      const [from, to] = [lowerBound(data.x, x.low), Math.min(data.x.length, lowerBound(data.x, x.high) + 1)];
      // A smoothed chart shows what is smoothed; the raw values behind it may be cut.
      const column = weight > 0 ? smoothed : data.y;
      for (let index = from; index < to; index += 1) if (Number.isFinite(column[index]) && (!log || column[index] > 0)) values.push(column[index]);
    }
    if (values.length < FEW) return extentOf(values);
    values.sort((a, b) => a - b);
    return { low: values[Math.floor(values.length * 0.05)], high: values[Math.ceil(values.length * 0.95) - 1] };
  }

  /** Least and greatest of what is drawn; without a list of it, which may be long. @param {{low: number, high: number}} x */
  #extent(x) {
    let [low, high] = [Infinity, -Infinity];
    for (const { data } of this.lines) {
      const to = Math.min(data.x.length, lowerBound(data.x, x.high) + 1);
      for (let index = lowerBound(data.x, x.low); index < to; index += 1) {
        const value = data.y[index];
        if (!Number.isFinite(value) || (this.look.log && value <= 0)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return low <= high ? { low, high } : null;
  }

  /** @param {CanvasRenderingContext2D} context @param {RunLine} line @param {Float64Array} y @param {number} alpha */
  #line(context, { colour, data }, y, alpha) {
    const { x, toX, toY } = /** @type {any} */ (this.axes);
    const indices = thinned(data.x, y, toX, [x.low, x.high]);
    context.strokeStyle = context.fillStyle = colour;
    context.globalAlpha = alpha;
    context.lineWidth = alpha < 1 ? 1 : 1.7;
    context.beginPath();
    let length = 0;
    indices.forEach((index, at) => {
      const [px, py] = index < 0 ? [NaN, NaN] : [toX(data.x[index]), toY(y[index])];
      const here = index >= 0 && Number.isFinite(py);
      if (!here) length = 0;
      else if (length === 0) {
        context.moveTo(px, py);
        // A point without neighbours would leave no trace.
        if (indices[at + 1] === undefined || indices[at + 1] < 0) context.arc(px, py, 2.2, 0, 2 * Math.PI);
        length = 1;
      } else context.lineTo(px, py);
    });
    context.stroke();
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Box} box */
  #cursor(context, box) {
    const { toX, toY } = /** @type {any} */ (this.axes);
    const place = toX(this.cursor.x);
    if (this.drag !== null) {
      context.fillStyle = this.colour("--accent");
      context.globalAlpha = 0.14;
      context.fillRect(Math.min(this.drag, place), box.top, Math.abs(place - this.drag), box.bottom - box.top);
      context.globalAlpha = 1;
    }
    context.strokeStyle = this.colour("--text-3");
    stroke(context, place, box.top, place, box.bottom);
    for (const { line, index } of this.#found()) {
      context.fillStyle = line.colour;
      context.beginPath();
      context.arc(toX(line.data.x[index]), toY(line.smoothed[index]), 3.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  #found() {
    return this.lines.map((line) => ({ line, index: nearestIndex(line.data.x, this.cursor.x) })).filter(({ line, index }) => index >= 0 && Number.isFinite(line.smoothed[index]));
  }

  /** @param {number} px @param {number} py */
  at(px, py) {
    const { axes, box } = this;
    if (!axes || !box || px < box.left - 8 || px > box.right + 12) return this.drag === null ? null : this.cursor;
    const x = axes.x.low + ((px - box.left) / (box.right - box.left || 1)) * (axes.x.high - axes.x.low);
    return { x: this.drag === null ? this.#snapped(x) : x, y: py };
  }

  /** The nearest place that any line has. @param {number} x */
  #snapped(x) {
    const found = this.lines.map(({ data }) => data.x[nearestIndex(data.x, x)]).filter(Number.isFinite);
    return found.reduce((best, each) => (Math.abs(each - x) < Math.abs(best - x) ? each : best), found[0] ?? x);
  }

  read() {
    const { axes, look } = this;
    const found = axes ? this.#found() : [];
    if (!axes || !found.length) return null;
    const far = (/** @type {any} */ { line, index }) => (this.cursor.y === null ? 0 : Math.abs(axes.toY(line.smoothed[index]) - this.cursor.y));
    const order = this.cursor.y === null ? found : [...found].sort((a, b) => far(a) - far(b));
    const rows = order.slice(0, MOST_READ).map(({ line, index }, place) => ({
      colour: line.colour, name: line.run, strong: place === 0 && found.length > 1 && this.cursor.y !== null,
      value: `${figure(line.smoothed[index])}${look.weight > 0 ? ` (${figure(line.data.y[index])})` : ""}${line.data.x[index] === this.cursor.x ? "" : ` at ${axisText(look.axis, line.data.x[index])}`}`,
    }));
    if (order.length > MOST_READ) rows.push({ colour: "", name: `and ${order.length - MOST_READ} more`, strong: false, value: "" });
    const [{ line, index }] = order;
    const more = look.axis === "step" ? axisText("wall", line.data.wall[index]) : axisText("step", line.data.step[index]);
    return { head: `${axisText(look.axis, this.cursor.x)} · ${more}`, rows, x: axes.toX(this.cursor.x) };
  }

  /** @param {string} key */
  step(key) {
    const { axes } = this;
    if (!axes) return undefined;
    if (key === "+" || key === "=" || key === "-") return this.#enlarge(key === "-" ? 2 : 0.5);
    if (key === "0") return this.home(), null;
    const now = this.cursor?.x ?? (key === "ArrowLeft" || key === "End" ? Infinity : -Infinity);
    const beside = (/** @type {Float64Array} */ xs) => {
      const at = lowerBound(xs, now);
      return key === "ArrowRight" ? xs[xs[at] === now ? at + 1 : at] : xs[at - 1];
    };
    const ends = { Home: axes.x.low, End: axes.x.high };
    if (key in ends) return { x: this.#snapped(ends[key]), y: null };
    if (key !== "ArrowRight" && key !== "ArrowLeft") return undefined;
    const found = this.lines.map(({ data }) => beside(data.x)).filter((x) => x >= axes.x.low && x <= axes.x.high);
    if (!found.length) return this.cursor;
    return { x: key === "ArrowRight" ? found.reduce((a, b) => Math.min(a, b)) : found.reduce((a, b) => Math.max(a, b)), y: null };
  }

  /** @param {number} factor */
  #enlarge(factor) {
    const { x, whole } = /** @type {any} */ (this.axes);
    const middle = this.cursor?.x ?? (x.low + x.high) / 2;
    const low = Math.max(whole.low, middle - (middle - x.low) * factor);
    const high = Math.min(whole.high, middle + (x.high - middle) * factor);
    this.zoom = high > low && (low > whole.low || high < whole.high) ? [low, high] : null;
    return this.cursor;
  }

  /** @param {PointerEvent} event @param {number} x */
  pressed(event, x) {
    if (event.button !== 0 || event.pointerType === "touch" || !this.axes) return;
    this.drag = x;
    this.element.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event @param {number} x */
  released(event, x) {
    const from = this.drag;
    this.drag = null;
    if (from === null || Math.abs(x - from) < LEAST_DRAG || !this.axes || !this.box) return void event;
    const { axes, box } = this;
    const value = (/** @type {number} */ place) => axes.x.low + ((Math.min(box.right, Math.max(box.left, place)) - box.left) / (box.right - box.left)) * (axes.x.high - axes.x.low);
    const [low, high] = [value(Math.min(from, x)), value(Math.max(from, x))];
    if (high > low) this.zoom = [low, high];
    return this.redraw();
  }

  home() {
    this.zoom = null;
    this.redraw();
  }
}

/** A line in a sentence, for those who do not see it. @param {RunLine} line */
function inWords({ run, data }) {
  const { y } = data;
  const range = extentOf(y);
  if (!range) return `${run}: no values yet.`;
  return `${run}: ${y.length} values, ${figure(y[0])} at first, ${figure(y[y.length - 1])} last, between ${figure(range.low)} and ${figure(range.high)}.`;
}
