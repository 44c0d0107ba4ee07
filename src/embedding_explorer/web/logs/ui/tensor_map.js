// @ts-check
/** A matrix of numbers in colours: below zero, above zero, missing. A cell is read by pointer and by arrow keys. */
import { followTheme } from "../../charts/follow_theme.js";
import { el, setText, uniqueId } from "../../ui/dom.js";
import { figure } from "../../ui/format.js";
import { theme } from "../../ui/state/theme.js";

const MOST_CELL = 28, WIDEST = 4000; // px
const NEGATIVE = { light: [38, 92, 190], dark: [110, 165, 255] };
const POSITIVE = { light: [190, 62, 20], dark: [255, 140, 80] };
const ZERO = { light: [248, 248, 246], dark: [34, 37, 42] };
const MISSING = [214, 51, 132];

export class TensorMap {
  constructor() {
    const words = uniqueId("cell");
    this.canvas = el("canvas", { tabindex: 0, role: "application", testid: "tensor-map", "aria-label": "Values as a heat map. Arrow keys go from cell to cell.", "aria-describedby": words,
      onpointermove: (event) => this.#hover(event), onkeydown: (event) => this.#key(event), onfocus: () => this.draw(), onblur: () => this.draw() });
    this.text = el("p", { class: "heat-read small", id: words, "aria-live": "polite" });
    this.element = el("div", { class: "stack" }, el("div", { class: "tensor-map" }, this.canvas), this.text);
    /** @type {import("../data/tensor.js").Tensor} */
    this.tensor = { shape: [], least: 0, most: 0, mean: 0, rows: [] };
    /** @type {number[][]} */
    this.marks = [];
    this.cell = [0, 0];
    followTheme(/** @type {TensorMap} */ (this), (map) => map.draw());
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** @param {import("../data/tensor.js").Tensor} tensor */
  update(tensor) {
    this.tensor = tensor;
    this.cell = [0, 0];
    this.draw();
  }

  /** Frame cells. @param {number[][]} positions [row, column], or [index] of a list */
  mark(positions) {
    this.marks = positions.map((at) => (at.length > 1 ? at : [0, at[0]]));
    this.draw();
  }

  draw() {
    const { rows, least, most } = this.tensor;
    const columns = rows[0]?.length ?? 0;
    const room = this.element.clientWidth;
    if (!columns || room < 40) return;
    this.size = Math.max(1, Math.min(MOST_CELL, Math.floor(Math.min(room, WIDEST) / columns)));
    const picture = new ImageData(columns, rows.length);
    const reach = Math.max(Math.abs(least), Math.abs(most)) || 1;
    rows.forEach((row, at) => row.forEach((value, column) => picture.data.set([...colourOf(value, reach), 255], 4 * (at * columns + column))));
    const small = new OffscreenCanvas(columns, rows.length);
    /** @type {OffscreenCanvasRenderingContext2D} */ (small.getContext("2d")).putImageData(picture, 0, 0);
    this.canvas.width = columns * this.size;
    this.canvas.height = rows.length * this.size;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, this.canvas.width, this.canvas.height);
    context.strokeStyle = getComputedStyle(this.element).getPropertyValue("--text").trim();
    context.lineWidth = 1.5;
    for (const [row, column] of this.marks) context.strokeRect(column * this.size + 0.75, row * this.size + 0.75, Math.max(1, this.size - 1.5), Math.max(1, this.size - 1.5));
    if (document.activeElement === this.canvas) {
      context.lineWidth = 3;
      context.strokeRect(this.cell[1] * this.size, this.cell[0] * this.size, this.size, this.size);
    }
  }

  /** @param {number} row @param {number} column */
  #read(row, column) {
    const value = this.tensor.rows[row]?.[column];
    if (value === undefined) return;
    setText(this.text, `${this.tensor.rows.length > 1 ? `row ${row}, column ${column}` : `element ${column}`}: ${value === null ? "not a number" : figure(value)}`);
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    this.#read(Math.floor((event.clientY - top) / (this.size ?? 1)), Math.floor((event.clientX - left) / (this.size ?? 1)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const bound = (/** @type {number} */ value, /** @type {number} */ total) => Math.max(0, Math.min(total - 1, value));
    const { rows } = this.tensor;
    this.cell = [bound(this.cell[0] + move[0], rows.length), bound(this.cell[1] + move[1], rows[0]?.length ?? 1)];
    this.draw();
    this.#read(this.cell[0], this.cell[1]);
  }
}

/** @param {number|null} value @param {number} reach @returns {number[]} red, green, blue */
function colourOf(value, reach) {
  if (value === null || !Number.isFinite(value)) return MISSING;
  const part = Math.min(1, Math.abs(value) / reach);
  const end = (value < 0 ? NEGATIVE : POSITIVE)[theme()];
  return ZERO[theme()].map((zero, channel) => Math.round(zero + part * (end[channel] - zero)));
}
