// @ts-check
/** A distribution over steps: bands between percentiles, the median as a line. */
import { axisText, marksOf, short } from "./axes.js";
import { nearestIndex } from "./points.js";
import { figure } from "../ui/format.js";
import { Plot, stroke } from "./plot.js";
import { extentOf, padded, scale, ticks } from "./scale.js";

const NAMES = ["least", "−1.5 σ (6.7 %)", "−1 σ (15.9 %)", "−½ σ (30.9 %)", "median", "+½ σ (69.1 %)", "+1 σ (84.1 %)", "+1.5 σ (93.3 %)", "greatest"];
const MEDIAN = 4;

export class Bands extends Plot {
  /** @param {{label: string, height?: number, testid?: string}} options */
  constructor(options) {
    super({ ...options, keys: "Left and right arrows read the percentiles of a step." });
    /** @type {import("../logs/data/histograms.js").Quantiles[]} */
    this.rows = [];
    this.lineColour = "";
  }

  /** @param {import("../logs/data/histograms.js").Quantiles[]} rows @param {string} colour */
  update(rows, colour) {
    this.rows = rows.filter(({ values }) => values.length === NAMES.length);
    this.lineColour = colour;
    const last = this.rows[this.rows.length - 1];
    this.words.textContent = last ? `${this.rows.length} steps up to ${last.step}; there the median is ${figure(last.values[MEDIAN])}, between ${figure(last.values[0])} and ${figure(last.values[8])}.` : "No distributions yet.";
    this.redraw();
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Box} box */
  paint(context, box) {
    const x = extentOf(this.rows.map(({ step }) => step));
    const y = extentOf(this.rows.flatMap(({ values }) => values));
    if (!x || !y) return this.nothing(context, "No distributions yet");
    const wide = x.high > x.low ? x : { low: x.low - 0.5, high: x.high + 0.5 };
    const toX = scale(wide, [box.left, box.right]);
    const toY = scale(padded(y), [box.bottom, box.top]);
    this.axes = { x: wide, toX, toY };
    this.marksLeft(context, ticks(padded(y), 5).map((value) => ({ place: toY(value), text: short(value) })));
    this.marksBelow(context, marksOf("step", wide, Math.max(2, (box.right - box.left) / 70)).map(({ at, text }) => ({ place: toX(at), text })));
    const places = this.rows.length > 1 ? this.rows.map(({ step }) => toX(step)) : [box.left, box.right];
    const values = (/** @type {number} */ level) => (this.rows.length > 1 ? this.rows : [this.rows[0], this.rows[0]]).map((row) => toY(row.values[level]));
    context.fillStyle = context.strokeStyle = this.lineColour;
    for (let level = 0; level < MEDIAN; level += 1) this.#band(context, places, values(level), values(8 - level), 0.13 + 0.05 * level);
    context.lineWidth = 1.8;
    context.beginPath();
    values(MEDIAN).forEach((place, index) => context.lineTo(places[index], place));
    context.stroke();
    if (this.cursor !== null) this.#cursor(context, box);
  }

  /** @param {CanvasRenderingContext2D} context @param {number[]} places @param {number[]} low @param {number[]} high @param {number} alpha */
  #band(context, places, low, high, alpha) {
    context.globalAlpha = alpha;
    context.beginPath();
    places.forEach((place, index) => context.lineTo(place, high[index]));
    for (let index = places.length - 1; index >= 0; index -= 1) context.lineTo(places[index], low[index]);
    context.fill();
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./plot.js").Box} box */
  #cursor(context, box) {
    const row = this.rows[this.cursor];
    if (!row || !this.axes) return;
    const place = this.axes.toX(row.step);
    context.strokeStyle = this.colour("--text-3");
    context.lineWidth = 1;
    stroke(context, place, box.top, place, box.bottom);
    for (const value of row.values) {
      context.beginPath();
      context.arc(place, this.axes.toY(value), 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** @param {number} px */
  at(px) {
    const { axes, box } = this;
    if (!axes || !box) return null;
    const step = axes.x.low + ((px - box.left) / (box.right - box.left || 1)) * (axes.x.high - axes.x.low);
    return nearestIndex(this.rows.map((row) => row.step), step);
  }

  read() {
    const row = this.rows[this.cursor];
    if (!row || !this.axes) return null;
    const rows = NAMES.map((name, level) => ({ name, value: figure(row.values[level]), strong: level === MEDIAN })).reverse();
    return { head: `${axisText("step", row.step)} · ${axisText("wall", row.wall)}`, rows, x: this.axes.toX(row.step) };
  }

  /** @param {string} key */
  step(key) {
    const last = this.rows.length - 1;
    const now = this.cursor ?? (key === "ArrowLeft" ? last + 1 : -1);
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[key];
    return next === undefined || last < 0 ? undefined : Math.max(0, Math.min(last, next));
  }
}
