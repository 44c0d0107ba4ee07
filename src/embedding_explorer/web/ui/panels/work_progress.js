// @ts-check
/** An upload and its job under way: what is done, how fast, how long it still takes. */
import { el, fillIn, setText, show } from "../dom.js";
import { bytes, count, rate, remaining } from "../format.js";
import { button, progressBar } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { RateMeter } from "../state/rate.js";
import { overall, stagesOf } from "../state/stages.js";
import { abortWork, cancelWait } from "../state/work.js";
import { busyWords } from "./busy.js";

/** @typedef {import("../state/initial.js").App} App */
/** @typedef {import("../state/work_machine.js").Work} Work */

const TITLES = { waiting: "Waiting for the server", uploading: "Uploading", working: "Making" };

/** @param {App} app @returns {{element: HTMLElement, update: (work: Work) => void}} */
export function workProgress(app) {
  const title = el("h2", { class: "grow ellipsis" });
  const abort = button("Abort", { icon: "stop", kind: "small", testid: "job-abort", onclick: () => stop(app) });
  const bar = progressBar({ label: "Progress", testid: "upload-progress" });
  const line = el("p", { class: "row small work-line" });
  const stages = el("ol", { class: "stages", testid: "job-stage", "aria-label": "Stages" });
  const element = el("div", { class: "work-progress" }, el("div", { class: "row work-head" }, title, abort), bar.element, line, stages);
  const meters = new Meters();
  const update = (/** @type {Work} */ work) => {
    if (!TITLES[work.phase]) return meters.clear();
    setText(title, work.phase === "waiting" ? TITLES.waiting : `${TITLES[work.phase]} ${work.options?.name ?? ""}`);
    abort.disabled = work.aborting;
    show(stages, work.phase === "working");
    ({ waiting: drawWaiting, uploading: drawUpload, working: drawJob })[work.phase]({ work, bar, line, stages, meters });
  };
  return { element, update };
}

/** @param {App} app */
function stop(app) {
  if (app.store.state.work.phase === "waiting") cancelWait(app);
  else abortWork(app);
}

/** One rate for each thing that is counted. */
class Meters {
  constructor() {
    /** @type {Map<string, RateMeter>} */
    this.all = new Map();
  }

  clear() {
    this.all.clear();
  }

  /** @param {string} name @param {number} done @returns {RateMeter} */
  of(name, done) {
    const meter = this.all.get(name) ?? new RateMeter();
    this.all.set(name, meter);
    meter.push(performance.now(), done);
    return meter;
  }
}

function drawWaiting({ work, bar, line }) {
  const { job } = work;
  bar.set(job?.total ? job.done / job.total : null);
  fillIn(line, el("span", { class: "grow", testid: "busy" }, `${busyWords(job)} Your upload starts by itself when it is free.`));
}

function drawUpload({ work, bar, line, meters }) {
  const meter = meters.of("bytes", work.loaded);
  bar.set(work.size ? work.loaded / work.size : null, `${bytes(work.loaded)} of ${bytes(work.size)}`);
  const sent = work.loaded >= work.size && work.size > 0;
  fillIn(line,
    el("span", { class: "grow" }, `${bytes(work.loaded)} of ${bytes(work.size)}`),
    el("span", { class: "muted" }, sent ? "the server checks it" : [rate(meter.perSecond, "bytes"), remaining(meter.eta(work.size))].filter(Boolean).join(" · ")));
}

function drawJob({ work, bar, line, stages, meters }) {
  const list = stagesOf({ kind: "dataset", ...work.job });
  const part = overall(list);
  bar.set(part);
  const active = list.filter((stage) => stage.state === "active");
  fillIn(line, el("span", { class: "grow muted" }, work.aborting ? "Aborting …" : `${Math.round(part * 100)} %`));
  fillIn(stages, list.map((stage) => stageLine(stage, meters, active)));
}

/** @param {import("../state/stages.js").Stage} stage @param {Meters} meters @param {import("../state/stages.js").Stage[]} active */
function stageLine(stage, meters, active) {
  const running = active.includes(stage);
  const meter = running ? meters.of(stage.name, stage.done) : null;
  const speed = meter && stage.done > 0 ? [rate(meter.perSecond, stage.unit), remaining(meter.eta(stage.total))].filter(Boolean).join(" · ") : "";
  const counts = stage.state === "waiting" ? "" : stage.unit === "bytes" ? bytes(stage.total) : running ? `${count(stage.done)} of ${count(stage.total)}` : count(stage.total);
  return el(
    "li",
    { class: `stage-line ${stage.state}`, "data-stage": stage.name, "aria-current": running ? "step" : null },
    el("span", { class: "stage-mark" }, stage.state === "done" && icon("check")),
    el("span", { class: "grow ellipsis" }, stage.title),
    el("span", { class: "muted" }, counts),
    running && speed && el("span", { class: "stage-speed muted" }, speed),
  );
}
