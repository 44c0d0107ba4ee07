// @ts-check
/** A matrix in colours on a canvas, with names at its sides; a cell is read and opened by pointer and by keys. */
import { el, setText, uniqueId } from "../ui/dom.js";
import { onTheme } from "../ui/state/theme.js";
import { cellWords, shares } from "./confusion.js";

const MOST_CELL = 44; // px
const LEAST_NAMED = 11; // px: smaller cells have no names beside them
const LEAST_NUMBER = 24; // px: nor numbers in them
const NAMES = 90; // px at most

/** A confusion matrix. `onpick(row, column)` is called for the cell that is clicked, or chosen by Enter. */
export class HeatMap {
  /** @param {{label: string, onpick: (row: number, column: number) => void, testid?: string}} options */
  constructor({ label, onpick, testid }) {
    const words = uniqueId("cells");
    this.matrix = /** @type {number[][]} */ ([]);
    this.labels = /** @type {string[]} */ ([]);
    this.cell = { row: 0, column: 0 };
    this.onpick = onpick;
    this.canvas = el("canvas", {
      tabindex: 0, role: "application", testid, "aria-label": `${label}. Arrow keys go from cell to cell, Enter shows its pictures.`, "aria-describedby": words,
      onkeydown: (event) => this.#key(event), onpointermove: (event) => this.#hover(event), onclick: (event) => this.#click(event),
      onfocus: () => this.draw(), onblur: () => this.draw(),
    });
    this.read = el("p", { class: "heat-read small", id: words, "aria-live": "polite" });
    this.frame = el("div", { class: "heat-frame" }, this.canvas);
    this.element = el("div", { class: "heat" }, this.frame,
      el("p", { class: "small muted" }, "Rows: the true class. Columns: what it was taken for. The stronger the colour, the larger the share of the row."), this.read);
    new ResizeObserver(() => this.draw()).observe(this.frame);
    onTheme(() => this.draw());
  }

  /** @param {number[][]} matrix @param {string[]} labels */
  update(matrix, labels) {
    this.matrix = matrix;
    this.labels = labels;
    this.cell = { row: 0, column: 0 };
    this.draw();
  }

  /** Draw anew. */
  draw() {
    const count = this.matrix.length;
    const width = this.frame.clientWidth;
    if (!count || width < 60) return;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    context.font = FONT;
    const longest = Math.min(NAMES, Math.max(...this.labels.map((label) => context.measureText(label).width)) + 10);
    const named = (width - longest) / count >= LEAST_NAMED;
    const room = named ? longest : 4;
    const size = Math.max(2, Math.min(MOST_CELL, (width - room - 4) / count));
    this.layout = { room, size };
    const side = room + size * count + 2;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(side * ratio);
    this.canvas.height = Math.round(side * ratio);
    this.canvas.style.width = `${side}px`;
    this.canvas.style.height = `${side}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#cells(context);
    if (named) this.#names(context);
    if (document.activeElement === this.canvas) this.#frame(context);
  }

  /** @param {CanvasRenderingContext2D} context */
  #cells(context) {
    const { room, size } = this.layout;
    const colours = getComputedStyle(this.element);
    const colour = (/** @type {string} */ name) => colours.getPropertyValue(name).trim();
    const [right, wrong, text, empty] = ["--heat-right", "--heat-wrong", "--text", "--surface-2"].map(colour);
    const gap = size > 8 ? 1 : 0;
    context.textAlign = "center";
    context.textBaseline = "middle";
    shares(this.matrix).forEach((cells, row) => cells.forEach((share, column) => {
      const [x, y] = [room + column * size, room + row * size];
      context.globalAlpha = 1;
      context.fillStyle = empty;
      context.fillRect(x, y, size - gap, size - gap);
      if (share > 0) {
        context.globalAlpha = 0.12 + 0.88 * share;
        context.fillStyle = row === column ? right : wrong;
        context.fillRect(x, y, size - gap, size - gap);
      }
      const count = this.matrix[row][column];
      if (!count || size < LEAST_NUMBER) return;
      context.globalAlpha = 1;
      context.font = count > 999 ? SMALL : FONT;
      context.fillStyle = share > 0.55 ? colour("--on-heat") : text;
      context.fillText(String(count), x + size / 2, y + size / 2);
    }));
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context */
  #names(context) {
    const { room, size } = this.layout;
    context.font = FONT;
    context.fillStyle = getComputedStyle(this.element).getPropertyValue("--text-2").trim();
    this.labels.forEach((label, index) => {
      const middle = room + (index + 0.5) * size;
      const name = fitted(context, label, room - 8);
      context.textAlign = "right";
      context.fillText(name, room - 6, middle);
      context.save();
      context.translate(middle, room - 6);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      context.fillText(name, 0, 0);
      context.restore();
    });
  }

  /** @param {CanvasRenderingContext2D} context */
  #frame(context) {
    const { room, size } = this.layout;
    context.lineWidth = 2;
    context.strokeStyle = getComputedStyle(this.element).getPropertyValue("--text").trim();
    context.strokeRect(room + this.cell.column * size, room + this.cell.row * size, size - 1, size - 1);
  }

  /** @param {number} row @param {number} column */
  #read(row, column) {
    setText(this.read, cellWords(this.matrix, this.labels, row, column));
  }

  /** The cell under a pointer. @param {MouseEvent} event */
  #at(event) {
    if (!this.layout) return null;
    const { left, top } = this.canvas.getBoundingClientRect();
    const [column, row] = [event.clientX - left, event.clientY - top].map((place) => Math.floor((place - this.layout.room) / this.layout.size));
    const inside = (/** @type {number} */ index) => index >= 0 && index < this.matrix.length;
    return inside(row) && inside(column) ? { row, column } : null;
  }

  /** @param {MouseEvent} event */
  #hover(event) {
    const cell = this.#at(event);
    this.canvas.style.cursor = cell ? "pointer" : "";
    if (cell) this.#read(cell.row, cell.column);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const cell = this.#at(event);
    if (!cell) return;
    this.cell = cell;
    this.draw();
    this.#read(cell.row, cell.column);
    this.onpick(cell.row, cell.column);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const pick = event.key === "Enter" || event.key === " ";
    if ((!move && !pick) || !this.matrix.length) return;
    event.preventDefault();
    if (pick) return this.onpick(this.cell.row, this.cell.column);
    const bound = (/** @type {number} */ index) => Math.max(0, Math.min(this.matrix.length - 1, index));
    this.cell = { row: bound(this.cell.row + move[0]), column: bound(this.cell.column + move[1]) };
    this.draw();
    this.#read(this.cell.row, this.cell.column);
  }
}

const FONT = "12px system-ui, sans-serif";
const SMALL = "10px system-ui, sans-serif";

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} width */
function fitted(context, text, width) {
  let name = text;
  while (name.length > 1 && context.measureText(`${name}…`).width > width && context.measureText(text).width > width) name = name.slice(0, -1);
  return name === text ? text : `${name}…`;
}
