// @ts-check
/** Asking for clusters: how small one may be, and how far the job is. */
import { el, fillIn, show } from "../dom.js";
import { count } from "../format.js";
import { button, field, note, progressBar } from "../parts/controls.js";
import { findClusters, stopClusters } from "../state/clustering.js";

/** @param {import("../state/initial.js").App} app */
export function clustersForm(app) {
  const least = el("input", { class: "input", type: "number", min: 2, max: 100_000, placeholder: "automatic", testid: "clusters-least", inputmode: "numeric" });
  const start = () => findClusters(app, least.value ? Math.max(2, Math.round(Number(least.value))) : null);
  const find = button("Find clusters", { icon: "clusters", kind: "primary small", testid: "clusters-find", onclick: start });
  const cancel = button("Cancel", { kind: "quiet small", onclick: () => close() });
  const form = el("div", { class: "stack" }, field("Least images in a cluster", least), el("div", { class: "row" }, find, cancel));
  const bar = progressBar({ label: "Finding clusters", thin: true });
  const words = el("span", { class: "grow small" });
  const stop = button("Abort", { kind: "small", onclick: () => stopClusters(app) });
  const running = el("div", { class: "stack" }, el("div", { class: "row" }, words, stop), bar.element);
  const trouble = el("div");
  const element = el("div", { class: "clusters-form inset", hidden: true }, form, running, trouble);
  const close = () => show(element, false);
  const open = () => {
    show(element, true);
    least.focus();
  };
  let wasRunning = false;
  app.store.on(["clusters"], ({ clusters: { running: isRunning, job, error } }) => {
    show(form, !isRunning);
    show(running, isRunning);
    fillIn(trouble, error && note(error, "error"));
    bar.set(job?.total ? job.done / job.total : null);
    fillIn(words, job?.total ? `Finding clusters: ${count(job.done)} of ${count(job.total)}` : "Finding clusters …");
    if (wasRunning && !isRunning && !error) close();
    wasRunning = isRunning;
  }, { now: true });
  return { element, open, close };
}
