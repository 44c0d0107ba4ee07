// @ts-check
/** The head of a job's page: name, state, owner, group, notes, and what can be done to it. */
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { button, note, progressBar } from "../../ui/parts/controls.js";
import { promptDialog } from "../../ui/parts/dialog.js";
import { abortJob, act, deleteJob, editJob, groupMany } from "./actions.js";
import { post } from "../data/api.js";
import { newAddress } from "../routes.js";
import { badge, isActive, setBadge } from "./status.js";

const CLONES = {
  "Image Classification Dataset": "dataset", "Generic Dataset": "generic-dataset", "Image Classification Model": "model", "Generic Image Model": "generic-model",
};

/**
 * @param {{family: string, changed: () => void, more?: any[]}} options `changed`: ask the server again; `more`: further buttons
 * @returns {{element: HTMLElement, update: (job: any) => void}}
 */
export function jobHead({ family, changed, more = [] }) {
  let job = /** @type {any} */ (null);
  const after = async (/** @type {Promise<any>} */ done) => (await done) && changed();
  const title = el("h1", { class: "grow-text" });
  const state = badge("Initialized");
  const facts = el("p", { class: "muted small facts-line" });
  const notes = el("div", { class: "notes" });
  const problem = el("div", { testid: "reason" });
  const bar = progressBar({ label: "Progress", testid: "progress" });
  const stage = el("span", { class: "muted small", role: "status" });
  const progress = el("div", { class: "stack" }, bar.element, stage);
  const rename = button("Rename", { icon: "pencil", kind: "quiet", only: true, testid: "rename", onclick: async () => {
    const name = await promptDialog({ title: "Rename", label: "Name", value: job.name, action: "Rename" });
    if (name) await after(editJob(job.id, { job_name: name }));
  } });
  const abort = button("Stop", { icon: "stop", testid: "abort-job", onclick: () => after(abortJob(job, family)) });
  const resume = button("Resume", { icon: "right", kind: "primary", testid: "resume-job", onclick: () => after(act(() => post(`/jobs/${job.id}/resume`), "It goes on.")) });
  const clone = el("a", { class: "button" }, "Clone");
  const remove = button("Delete", { icon: "trash", kind: "danger", testid: "delete-job", onclick: async () => (await deleteJob(job)) && location.assign("/training") });
  const group = button("Group", { onclick: () => after(groupMany([job.id], job.group)) });
  const write = button("Notes", { icon: "pencil", testid: "notes", onclick: () => editNotes(notes, job, changed) });
  const actions = el("div", { class: "row wrap job-actions" }, ...more, resume, abort, clone, group, write, remove);
  // Nothing is said of the job, nor offered, before the server has told what it is.
  for (const part of [actions, state, progress, rename]) show(part, false);
  const element = el("header", { class: "job-head stack" }, el("p", { class: "small" }, el("a", { href: `/training?tab=${family}s` }, family === "pretrained_model" ? "Pretrained models" : family === "model" ? "Models" : "Datasets")),
    el("div", { class: "row wrap" }, title, rename, state), facts, progress, problem, notes, actions);

  const update = (/** @type {any} */ next) => {
    const sameNotes = job?.notes === next.notes;
    job = next;
    for (const part of [actions, state, rename]) show(part, true);
    document.title = `${job.name} · Training`;
    setText(title, job.name);
    setBadge(state, job.status);
    setText(facts, [job.type ?? "", job.id, job.username && `by ${job.username}`, job.group && `in ${job.group}`].filter(Boolean).join(" · "));
    const active = isActive(job.status);
    show(progress, active);
    bar.set(job.status === "Running" ? (job.progress ?? 0) / 100 : 0);
    show(abort, active);
    show(resume, family !== "pretrained_model" && (job.status === "Aborted" || job.status === "Error"));
    const kind = CLONES[job.type];
    show(clone, Boolean(kind));
    if (kind) clone.href = newAddress(kind, { clone: job.id, ...(job.extension ? { extension: job.extension } : {}) });
    show(problem, Boolean(job.reason));
    if (job.reason && problem.dataset.shown !== job.reason) {
      problem.dataset.shown = job.reason;
      fillIn(problem, note(job.reason, job.exception ? "error" : ""), job.traceback && el("details", { class: "small" }, el("summary", null, "The log's last lines"), el("pre", { tabindex: 0 }, job.traceback)));
    }
    if (!sameNotes) fillIn(notes, job.notes && el("p", { class: "notes-text" }, job.notes));
  };
  return { element, update, tell: (/** @type {string} */ text) => setText(stage, text) };
}

/** @param {HTMLElement} place @param {any} job @param {() => void} changed */
function editNotes(place, job, changed) {
  const area = el("textarea", { class: "input area", rows: 4, "aria-label": "Notes", testid: "notes-text" });
  area.value = job.notes ?? "";
  const back = () => fillIn(place, job.notes && el("p", { class: "notes-text" }, job.notes));
  const save = button("Save notes", { kind: "primary small", testid: "notes-save", onclick: async () => {
    const text = area.value;
    if (!(await editJob(job.id, { job_notes: text }))) return;
    job.notes = text;
    back();
    changed();
  } });
  fillIn(place, el("div", { class: "stack" }, area, el("div", { class: "row" }, save, button("Cancel", { kind: "small", onclick: back }))));
  area.focus();
}
