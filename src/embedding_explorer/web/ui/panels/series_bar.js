// @ts-check
/** The line above the map of a training: which epoch is shown, the film, and the curves with a mark at that epoch. */
import { LineChart } from "../../charts/line_chart.js";
import { seriesOf } from "../../charts/series.js";
import { epochAt, nearestMap } from "../../core/series.js";
import { getCurves } from "../../data/series.js";
import { el, setText, show } from "../dom.js";
import { figure } from "../format.js";
import { button, relabel } from "../parts/controls.js";
import { openDataset } from "../state/open.js";
import { glideToMap, seek, togglePlay } from "../state/series.js";

/** @typedef {import("../state/initial.js").App} App */

const HEIGHT = 128;
const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 };

/** @param {App} app @returns {HTMLElement} */
export function seriesBar(app) {
  const name = el("p", { class: "compare-names ellipsis" });
  const text = el("output", { class: "series-epoch", testid: "series-epoch" });
  const play = button("Play", { icon: "play", only: true, kind: "small", testid: "series-play", onclick: () => togglePlay(app) });
  const head = el("div", { class: "row compare-head" }, name, play, stepper(app, -1), slider(app), stepper(app, 1), text, el("span", { class: "grow" }),
    button("End the film", { icon: "close", kind: "quiet small", only: true, testid: "series-close", onclick: () => openDataset(app, app.store.state.manifest.id, { push: true }) }));
  const element = el("section", { class: "compare-bar series-bar", "aria-label": "Epochs of the training", testid: "series-bar", hidden: true }, head, curves(app));
  app.store.on(["series"], ({ series }) => {
    show(element, Boolean(series));
    document.body.classList.toggle("filming", Boolean(series));
    if (series) setText(name, series.name);
  }, { now: true });
  app.store.on(["playing"], ({ playing }) => relabel(play, playing ? "Pause" : "Play", playing ? "pause" : "play"));
  app.store.on(["moment", "series"], ({ series, moment }) => series && setText(text, `Epoch ${figure(epochs(series)[Math.round(moment)])}`));
  return element;
}

/** @param {any} series @returns {number[]} */
function epochs(series) {
  return series.maps.map((/** @type {any} */ map) => map.epoch);
}

/** @param {App} app @param {1|-1} direction */
function stepper(app, direction) {
  const label = direction > 0 ? "Next epoch" : "Epoch before";
  return button(label, { icon: direction > 0 ? "right" : "left", kind: "quiet small", only: true, testid: direction > 0 ? "series-next" : "series-before", onclick: () => step(app, direction) });
}

/** @param {App} app @param {number} by */
function step(app, by) {
  const { moment } = app.store.state;
  glideToMap(app, by > 0 ? Math.floor(moment + 1e-6) + by : Math.ceil(moment - 1e-6) + by);
}

/** @param {App} app */
function slider(app) {
  const input = el("input", {
    class: "slider series-slider", type: "range", min: 0, max: 1, step: app.options.reducedMotion ? 1 : "any", testid: "series-slider", "aria-label": "Epoch",
    oninput: () => seek(app, Number(input.value)), onchange: () => glideToMap(app, Math.round(Number(input.value))),
    onkeydown: (/** @type {KeyboardEvent} */ event) => key(app, event),
  });
  app.store.on(["series", "moment"], ({ series, moment }) => {
    if (!series) return;
    input.max = String(Math.max(1, series.maps.length - 1));
    input.disabled = series.maps.length < 2;
    input.value = String(moment);
    input.setAttribute("aria-valuetext", `epoch ${figure(epochs(series)[Math.round(moment)])}`);
  });
  return input;
}

/** Arrow keys go from epoch to epoch. @param {App} app @param {KeyboardEvent} event */
function key(app, event) {
  const ends = { Home: 0, End: app.store.state.series.maps.length - 1 }[event.key];
  if (ends !== undefined) glideToMap(app, ends);
  else if (event.key in STEPS) step(app, STEPS[event.key]);
  else return;
  event.preventDefault();
}

/** @param {App} app */
function curves(app) {
  const chart = new LineChart({ label: "Loss and accuracy", xLabel: "epoch", leftLabel: "loss", rightLabel: "accuracy", height: HEIGHT, controls: false, testid: "series-chart" });
  const mark = el("div", { class: "series-mark", testid: "series-mark", "aria-hidden": "true" });
  const element = el("div", { class: "series-curves", hidden: true }, chart.element, mark);
  const place = () => putMark(app, chart, mark);
  let asked = "";
  app.store.on(["series"], async ({ series }) => {
    if (!series || asked === series.model) return;
    asked = series.model;
    const lines = seriesOf(await getCurves(series.model));
    if (app.store.state.series?.model !== series.model) return;
    show(element, lines.length > 0);
    chart.update(lines);
    place();
  });
  app.store.on(["moment", "series"], place);
  new ResizeObserver(() => requestAnimationFrame(place)).observe(element);
  chart.plot.addEventListener("click", (event) => jump(app, epochUnder(chart, event.clientX)));
  chart.plot.addEventListener("keydown", (event) => event.key === "Enter" && chart.at !== null && jump(app, chart.at));
  return element;
}

/** @param {App} app @param {number|null} epoch */
function jump(app, epoch) {
  const { series } = app.store.state;
  if (series && epoch !== null) glideToMap(app, nearestMap(epochs(series), epoch));
}

/** The epoch at a pixel of the page. @param {any} chart @param {number} x */
function epochUnder(chart, x) {
  if (!chart.axes?.x) return null;
  const { left, right } = chart.box;
  const part = (x - chart.plot.getBoundingClientRect().left - left) / (right - left || 1);
  return chart.axes.x.low + part * (chart.axes.x.high - chart.axes.x.low);
}

/** @param {App} app @param {any} chart @param {HTMLElement} mark */
function putMark(app, chart, mark) {
  const { series, moment } = app.store.state;
  const place = series && chart.axes?.x ? chart.axes.x.to(epochAt(epochs(series), moment)) : NaN;
  show(mark, Number.isFinite(place));
  if (!Number.isFinite(place)) return;
  mark.style.left = `${chart.plot.offsetLeft + Math.min(chart.box.right, Math.max(chart.box.left, place))}px`;
  mark.style.top = `${chart.plot.offsetTop + chart.box.top}px`;
  mark.style.height = `${chart.box.bottom - chart.box.top}px`;
}
