// @ts-check
/** Histograms over steps: one ridge for each step, the newest in front. */
import { short } from "./axes.js";
import { count, figure } from "../ui/format.js";
import { Plot } from "./plot.js";
import { scale, ticks } from "./scale.js";

const TALLEST = 0.34; // of the height, for the highest bar of all

export class Ridges extends Plot {
  /** @param {{label: string, height?: number, testid?: string}} options */
  constructor(options) {
    super({ ...options, keys: "Up and down arrows go from step to step, left and right along the values." });
    this.margin = { left: 12, top: 8, right: 58, bottom: 24 };
    /** @type {import("../logs/data/histograms.js").Ridges} */
    this.ridges = { low: 0, high: 1, width: 1, rows: [] };
    this.lineColour = "";
  }

  /** @param {import("../logs/data/histograms.js").Ridges} ridges @param {string} colour */
  update(ridges, colour) {
    this.ridges = ridges;
    this.lineColour = colour;
    const { rows, low, high } = ridges;
    this.words.textContent = rows.length ? `${rows.length} histograms from step ${rows[0].step} to ${rows[rows.length - 1].step}, values from ${figure(low)} to ${figure(high)}.` : "No histograms yet.";
    this.redraw();
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Box} box */
  paint(context, box) {
    const { rows, low, high, width } = this.ridges;
    if (!rows.length) return this.nothing(context, "No histograms yet");
    const most = rows.reduce((best, { counts }) => Math.max(best, ...counts), 1e-12);
    const tall = (box.bottom - box.top) * (rows.length > 1 ? TALLEST : 0.95);
    const toX = scale({ low, high }, [box.left, box.right]);
    const base = this.#bases(box, tall);
    this.axes = { toX, base };
    this.marksBelow(context, ticks({ low, high }, Math.max(2, (box.right - box.left) / 70)).map((value) => ({ place: toX(value), text: short(value) })));
    const [surface, line] = [this.colour("--surface"), this.lineColour];
    rows.forEach(({ counts }, row) => {
      const near = this.cursor?.row === row;
      context.beginPath();
      context.moveTo(box.left, base(row));
      counts.forEach((value, bin) => context.lineTo(toX(low + (bin + 0.5) * width), base(row) - (value / most) * tall));
      context.lineTo(box.right, base(row));
      context.fillStyle = surface;
      context.fill();
      context.globalAlpha = near ? 0.75 : 0.16 + 0.34 * (rows.length > 1 ? row / (rows.length - 1) : 1);
      context.fillStyle = line;
      context.fill();
      context.globalAlpha = near ? 1 : 0.35 + 0.5 * (rows.length > 1 ? row / (rows.length - 1) : 1);
      context.strokeStyle = near ? this.colour("--text") : line;
      context.lineWidth = near ? 1.8 : 1;
      context.stroke();
      context.globalAlpha = 1;
    });
    this.#steps(context, box, base);
    if (this.cursor) this.#cursor(context, most, tall);
  }

  /** @param {import("./plot.js").Box} box @param {number} tall */
  #bases(box, tall) {
    const { length } = this.ridges.rows;
    const room = box.bottom - box.top - tall;
    return (/** @type {number} */ row) => (length > 1 ? box.top + tall + (row / (length - 1)) * room : box.bottom);
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Box} box @param {(row: number) => number} base */
  #steps(context, box, base) {
    context.fillStyle = this.colour("--text-2");
    context.textAlign = "left";
    context.textBaseline = "middle";
    const { rows } = this.ridges;
    let free = -Infinity;
    rows.forEach(({ step }, row) => {
      if (base(row) < free || (row < rows.length - 1 && base(rows.length - 1) - base(row) < 13)) return;
      context.fillText(short(step), box.right + 6, base(row));
      free = base(row) + 16;
    });
  }

  /** @param {CanvasRenderingContext2D} context @param {number} most @param {number} tall */
  #cursor(context, most, tall) {
    const { low, width, rows } = this.ridges;
    const { row, bin } = this.cursor;
    if (!rows[row]) return;
    const { toX, base } = /** @type {any} */ (this.axes);
    context.fillStyle = this.colour("--text");
    context.beginPath();
    context.arc(toX(low + (bin + 0.5) * width), base(row) - (rows[row].counts[bin] / most) * tall, 3.5, 0, 2 * Math.PI);
    context.fill();
  }

  /** @param {number} px @param {number} py */
  at(px, py) {
    const { axes, box, ridges } = this;
    if (!axes || !box || px > box.right + 58 || !ridges.rows.length) return null;
    // A ridge rises from its foot: what lies a little above the foot belongs to it.
    const row = ridges.rows.reduce((best, _, each) => (Math.abs(axes.base(each) - 5 - py) < Math.abs(axes.base(best) - 5 - py) ? each : best), 0);
    return { row, bin: this.#bin(((px - box.left) / (box.right - box.left || 1)) * ridges.rows[0].counts.length) };
  }

  /** @param {number} bin */
  #bin(bin) {
    return Math.max(0, Math.min(this.ridges.rows[0].counts.length - 1, Math.floor(bin)));
  }

  read() {
    const { low, width, rows } = this.ridges;
    const { row, bin } = this.cursor;
    const found = rows[row];
    if (!found || !this.axes) return null;
    const total = found.counts.reduce((sum, value) => sum + value, 0);
    return {
      head: `step ${count(found.step)}`, x: this.axes.toX(low + (bin + 0.5) * width),
      rows: [
        { name: `${figure(low + bin * width)} to ${figure(low + (bin + 1) * width)}`, value: figure(Number(found.counts[bin].toFixed(1))) },
        { name: "of", value: figure(Math.round(total)) },
      ],
    };
  }

  /** @param {string} key */
  step(key) {
    const { rows } = this.ridges;
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
    if (!move || !rows.length) return undefined;
    const now = this.cursor ?? { row: rows.length - 1, bin: Math.floor(rows[0].counts.length / 2) };
    return { row: Math.max(0, Math.min(rows.length - 1, now.row + move[0])), bin: this.#bin(now.bin + move[1]) };
  }
}
