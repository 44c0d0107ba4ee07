// @ts-check
/** A canvas with a frame, a readout by pointer and by keys, drawn anew with its size and the theme. Charts extend it. */
import { el, fillIn, setText, show, uniqueId } from "../ui/dom.js";
import { followTheme } from "./follow_theme.js";

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box px */
/** @typedef {{head: string, rows: {colour?: string, name: string, value: string, strong?: boolean}[], x: number}} Reading */

export const FONT = "11px system-ui, sans-serif";
const MARGIN = { left: 56, top: 8, right: 14, bottom: 24 };

/** @abstract */
export class Plot {
  /** @param {{label: string, height?: number, testid?: string, keys?: string}} options keys: what the keys do */
  constructor({ label, height = 220, testid, keys = "Arrow keys read values." }) {
    const words = uniqueId("plot-words");
    this.margin = { ...MARGIN };
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.words = el("p", { class: "sr-only", id: words });
    this.spoken = el("p", { class: "sr-only", "aria-live": "polite" });
    this.tip = el("div", { class: "chart-tip", hidden: true });
    this.element = el("div", {
      class: "chart-plot plot", tabindex: 0, role: "group", "aria-roledescription": "chart", "aria-label": `${label}. ${keys}`, "aria-describedby": words, testid,
      onpointermove: (event) => this.#moved(event), onpointerdown: (event) => this.pressed(event, ...this.#place(event)), onpointerup: (event) => this.released(event, ...this.#place(event)),
      onpointerleave: () => this.leave(), ondblclick: () => this.home(), onkeydown: (event) => this.#key(event), onblur: () => this.leave(),
    }, this.canvas, this.tip, this.words, this.spoken);
    this.element.style.height = `${height}px`;
    this.height = height;
    /** Where the readout is: what it means is the chart's own. @type {any} */
    this.cursor = null;
    this.waiting = false;
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.element);
    followTheme(this, (plot) => plot.draw());
  }

  /** Colours of the theme. @param {string} name */
  colour(name) {
    this.colours ??= getComputedStyle(this.element);
    return this.colours.getPropertyValue(name).trim();
  }

  /** Draw once in the next frame, however often it is asked for. */
  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => ((this.waiting = false), this.draw()));
  }

  /** Draw now. */
  draw() {
    const width = this.element.clientWidth;
    if (width < 40) return;
    this.colours = undefined;
    const height = this.element.clientHeight || this.height;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = FONT;
    /** @type {Box} */
    this.box = { left: this.margin.left, top: this.margin.top, right: width - this.margin.right, bottom: height - this.margin.bottom };
    this.paint(context, this.box);
    this.#tell();
  }

  /** A line of marks below. @param {CanvasRenderingContext2D} context @param {{place: number, text: string}[]} marks */
  marksBelow(context, marks) {
    const { left, right, bottom } = /** @type {Box} */ (this.box);
    context.strokeStyle = this.colour("--line-strong");
    context.fillStyle = this.colour("--text-2");
    context.textBaseline = "top";
    context.textAlign = "center";
    stroke(context, left, bottom + 0.5, right, bottom + 0.5);
    let free = -Infinity;
    for (const { place, text } of marks) {
      stroke(context, place, bottom, place, bottom + 4);
      const half = context.measureText(text).width / 2;
      if (place - half < free || place + half > right + this.margin.right) continue;
      context.fillText(text, place, bottom + 7);
      free = place + half + 6;
    }
  }

  /** Marks at the left with lines across. @param {CanvasRenderingContext2D} context @param {{place: number, text: string}[]} marks */
  marksLeft(context, marks) {
    const { left, right } = /** @type {Box} */ (this.box);
    context.strokeStyle = this.colour("--line");
    context.fillStyle = this.colour("--text-2");
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const { place, text } of marks) {
      stroke(context, left, Math.round(place) + 0.5, right, Math.round(place) + 0.5);
      context.fillText(text, left - 7, place);
    }
  }

  /** In place of a picture. @param {CanvasRenderingContext2D} context @param {string} text */
  nothing(context, text) {
    const { left, right, top, bottom } = /** @type {Box} */ (this.box);
    context.fillStyle = this.colour("--text-2");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, (left + right) / 2, (top + bottom) / 2);
  }

  /** @param {CanvasRenderingContext2D} context @param {Box} box */
  paint(context, box) {
    void [context, box];
    throw new Error("a chart must paint itself");
  }

  /** What is under a pixel, as a cursor; null for nothing. @param {number} x @param {number} y @returns {any} */
  at(x, y) {
    void [x, y];
    return null;
  }

  /** The cursor after a key; undefined for keys that mean nothing. @param {string} key @returns {any} */
  step(key) {
    void key;
    return undefined;
  }

  /** What there is to read at the cursor. @returns {Reading|null} */
  read() {
    return null;
  }

  /** The pointer went down, or up. @param {PointerEvent} event @param {number} x @param {number} y */
  pressed(event, x, y) {
    void [event, x, y];
  }

  /** @param {PointerEvent} event @param {number} x @param {number} y */
  released(event, x, y) {
    void [event, x, y];
  }

  /** See all of it. */
  home() {}

  /** Read nothing. */
  leave() {
    this.cursor = null;
    show(this.tip, false);
    this.redraw();
  }

  /** @param {MouseEvent} event @returns {[number, number]} */
  #place(event) {
    const { left, top } = this.element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    this.cursor = this.at(...this.#place(event));
    this.redraw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.box) this.draw(); // the key was faster than the first frame
    if (event.key === "Escape" && this.cursor === null) return;
    const next = event.key === "Escape" ? null : this.step(event.key);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.cursor = next;
    this.draw();
    setText(this.spoken, this.tip.hidden ? "" : this.tip.innerText.replace(/\n+/g, ", "));
  }

  /** Fill and place the readout. */
  #tell() {
    const reading = this.cursor === null ? null : this.read();
    show(this.tip, reading !== null);
    if (!reading) return;
    fillIn(this.tip, el("strong", null, reading.head), reading.rows.map(({ colour, name, value, strong }) => {
      const swatch = colour ? el("i", { class: "swatch" }) : null;
      if (swatch) swatch.style.background = /** @type {string} */ (colour);
      return el("span", { class: `row${strong ? " near" : ""}` }, swatch, el("span", { class: "grow ellipsis" }, name), el("b", null, value));
    }));
    const width = this.element.clientWidth;
    const beyond = reading.x > width / 2;
    this.tip.style.left = beyond ? "" : `${reading.x + 14}px`;
    this.tip.style.right = beyond ? `${width - reading.x + 14}px` : "";
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
export function stroke(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
