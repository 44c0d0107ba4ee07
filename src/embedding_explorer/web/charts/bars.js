// @ts-check
/** Bars: a list of named ones that lie, and a histogram of ones that stand. */
import { el } from "../ui/dom.js";
import { figure } from "../ui/format.js";
import { svg } from "./svg.js";

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number|null} value null: not known
 * @property {string} text the value as it is shown
 * @property {() => void} [onclick] makes the label a button
 */

/**
 * Named bars, one below the other: a list that reads well without its bars.
 * @param {Bar[]} bars
 * @param {{label: string, most?: number, testid?: string}} options `most`: the value of a whole bar
 * @returns {HTMLElement}
 */
export function barList(bars, { label, most, testid }) {
  const whole = most ?? Math.max(1e-9, ...bars.map(({ value }) => value ?? 0));
  const name = (/** @type {Bar} */ bar) => (bar.onclick
    ? el("button", { type: "button", class: "bar-label link ellipsis", title: bar.label, onclick: bar.onclick }, bar.label)
    : el("span", { class: "bar-label ellipsis", title: bar.label }, bar.label));
  return el("ol", { class: "bars", "aria-label": label, testid }, bars.map((bar) => {
    const fill = el("span", { class: "bar-fill" });
    fill.style.width = `${(100 * Math.min(1, (bar.value ?? 0) / whole)).toFixed(1)}%`;
    return el("li", null, name(bar), el("span", { class: "bar-track", "aria-hidden": "true" }, fill), el("span", { class: "bar-value" }, bar.text));
  }));
}

/**
 * Counts over bins of equal width.
 * @param {{counts: number[], centres: number[], ticks?: number[]}} bins
 * @param {{label: string, width?: number, height?: number}} options
 * @returns {SVGElement}
 */
export function histogram({ counts, centres, ticks = [] }, { label, width = 220, height = 84 }) {
  const most = Math.max(1, ...counts);
  const floor = height - 16;
  const step = width / Math.max(1, counts.length);
  const peak = centres[counts.indexOf(most)];
  const words = `${label}: ${counts.length} bins from ${figure(centres[0])} to ${figure(centres[centres.length - 1])}, most values near ${figure(peak)}`;
  const bars = counts.map((count, index) => {
    const tall = (count / most) * (floor - 4);
    return svg("rect", { class: "histogram-bar", x: (index * step + 0.5).toFixed(1), width: Math.max(1, step - 1).toFixed(1), y: (floor - tall).toFixed(1), height: tall.toFixed(1) });
  });
  const anchors = ["start", "middle", "end"];
  const names = ticks.slice(0, 3).map((value, index) => svg("text", { class: "chart-tick", x: (width * index) / 2, y: height - 3, "text-anchor": anchors[index] }, figure(value)));
  return svg("svg", { class: "histogram", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words }, ...bars, ...names);
}
