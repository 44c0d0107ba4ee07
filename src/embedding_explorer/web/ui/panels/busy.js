// @ts-check
/** Somebody else's job, for those who only look. */
import { el, setText, show } from "../dom.js";
import { count } from "../format.js";
import { progressBar } from "../parts/controls.js";
import { kindTitle, stageTitle } from "../state/stages.js";

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function busyChip(app) {
  const bar = progressBar({ label: "Progress of the server's job", thin: true });
  const text = el("span", { class: "ellipsis" });
  const element = el("div", { class: "busy-chip", testid: "busy", role: "status" }, text, bar.element);
  app.store.on(["foreign", "work"], ({ foreign, work }) => {
    const shown = Boolean(foreign) && !["waiting", "uploading", "working"].includes(work.phase);
    show(element, shown);
    if (!shown) return;
    setText(text, `The server works on ${kindTitle(foreign.kind)}`);
    element.title = busyWords(foreign);
    bar.set(foreign.total ? foreign.done / foreign.total : null, busyWords(foreign));
  }, { now: true });
  return element;
}

/** What the server is at, in a sentence. @param {any} job */
export function busyWords(job) {
  if (!job?.kind) return "The server is busy.";
  const counts = job.total ? `, ${count(job.done)} of ${count(job.total)}` : "";
  const stage = job.stage ? `: ${stageTitle(job.stage).toLowerCase()}${counts}` : "";
  return `The server works on ${kindTitle(job.kind)}${stage}.`;
}
