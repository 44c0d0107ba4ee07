// @ts-check
/** The legend of a numeric column: how often each value occurs, in its colour, and a range one can narrow. */
import { css } from "../../core/palette.js";
import { debounced, el, fillIn, setText, show } from "../dom.js";
import { count, figure } from "../format.js";
import { button } from "../parts/controls.js";
import { histogram } from "../state/legend_model.js";

const BINS = 48;
const STEPS = 1000;

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function scaleLegend(app) {
  const bars = el("div", { class: "scale-bars", "aria-hidden": "true" });
  const low = slider("Least value shown", "range-low");
  const high = slider("Greatest value shown", "range-high");
  const text = el("span", { class: "grow" });
  const all = button("Show all", { kind: "quiet small", onclick: () => app.store.set({ range: null }) });
  const sliders = el("div", { class: "scale-sliders" }, low, high);
  const element = el("div", { class: "legend-scale" }, bars, sliders, el("div", { class: "row legend-foot" }, text, all));
  const brush = debounced(() => app.store.set({ range: brushed(app, low, high) }), 30);
  for (const input of [low, high]) input.addEventListener("input", () => keepOrder(low, high, input, brush));
  app.store.on(["column", "palette"], ({ column, palette }) => {
    const numeric = column?.meta.kind === "number";
    show(element, numeric);
    if (numeric && palette) drawBars(bars, column, palette);
  }, { now: true });
  app.store.on(["column", "range", "visible"], ({ column, range, visible }) => {
    if (column?.meta.kind !== "number") return;
    const [from, to] = range ?? column.meta.range;
    place(low, from, column.meta.range);
    place(high, to, column.meta.range);
    dim(bars, low, high);
    const constant = column.meta.range[0] === column.meta.range[1];
    for (const part of [bars, sliders]) show(part, !constant);
    setText(text, constant ? `All images have ${figure(from)}.` : range ? `${figure(from)} to ${figure(to)}: ${count(visible)} shown` : `${figure(from)} to ${figure(to)}`);
    show(all, range !== null);
  }, { now: true });
  return element;
}

/** @param {string} label @param {string} testid */
function slider(label, testid) {
  return el("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": label, testid });
}

/** The sliders must not cross. @param {HTMLInputElement} low @param {HTMLInputElement} high @param {HTMLInputElement} moved @param {() => void} then */
function keepOrder(low, high, moved, then) {
  if (Number(low.value) > Number(high.value)) (moved === low ? high : low).value = moved.value;
  then();
}

/** @param {HTMLInputElement} input @param {number} value @param {[number, number]} range */
function place(input, value, [from, to]) {
  const next = String(Math.round(((value - from) / (to - from || 1)) * STEPS));
  if (input !== document.activeElement) input.value = next;
  input.setAttribute("aria-valuetext", figure(value));
}

/** @returns {[number, number]|null} null when all is shown */
function brushed(app, low, high) {
  const [from, to] = app.store.state.column.meta.range;
  const at = (input) => from + ((to - from) * Number(input.value)) / STEPS;
  return low.value === "0" && high.value === String(STEPS) ? null : [at(low), high.value === String(STEPS) ? to : at(high)];
}

/** @param {HTMLElement} bars @param {{meta: any, values: any}} column @param {Uint8Array} palette */
function drawBars(bars, { meta, values }, palette) {
  const counts = histogram(values, meta.range, BINS);
  const most = Math.max(1, ...counts);
  fillIn(bars, [...counts].map((each, bin) => {
    const bar = el("span");
    // The root of the count: rare values stay visible beside frequent ones.
    bar.style.height = `${each ? Math.max(6, 100 * Math.sqrt(each / most)) : 0}%`;
    bar.style.background = css(palette, Math.round((254 * (bin + 0.5)) / BINS));
    return bar;
  }));
}

/** @param {HTMLElement} bars @param {HTMLInputElement} low @param {HTMLInputElement} high */
function dim(bars, low, high) {
  const [from, to] = [low, high].map((input) => (Number(input.value) / STEPS) * BINS);
  [...bars.children].forEach((bar, bin) => bar.classList.toggle("off", bin + 1 <= from || bin >= to));
}
