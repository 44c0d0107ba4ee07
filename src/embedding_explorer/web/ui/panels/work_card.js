// @ts-check
/** The way from an archive to a map: invitation, options, upload, job, outcome. One card that changes its content. */
import { el, fillIn, show } from "../dom.js";
import { focusIsLost } from "../focus.js";
import { browserStorage } from "../../data/selections.js";
import { button } from "../parts/controls.js";
import { workDone, workFailed } from "./work_done.js";
import { uploadForm } from "./work_form.js";
import { workProgress } from "./work_progress.js";

const INVITED = "explorer.invited";

/** @typedef {import("../state/initial.js").App} App */

/**
 * @param {App} app
 * @param {{chooseFile: () => void}} actions
 * @returns {HTMLElement}
 */
export function workCard(app, { chooseFile }) {
  const element = el("section", { class: "card work", "aria-label": "New map", tabindex: -1 });
  const progress = workProgress(app);
  let drawn = "";
  const draw = () => {
    const { work, picked, search, phase } = app.store.state;
    const quiet = work.phase === "idle";
    const held = element.contains(document.activeElement);
    show(element, !quiet || (!wasInvited() && !picked && !search && phase === "ready"));
    progress.update(work);
    if (drawn !== work.phase || drawn === "failed") redraw(work);
    // Not its first button, which might abort what a second press of Enter was to begin.
    if (held && !quiet && focusIsLost()) element.focus({ preventScroll: true });
  };
  const redraw = (/** @type {import("../state/work_machine.js").Work} */ work) => {
    drawn = work.phase;
    element.classList.toggle("invite", drawn === "idle");
    fillIn(element, content(app, work, progress.element, chooseFile, draw));
    if (drawn === "done") invited();
    if (drawn === "chosen") focusFirst(element);
  };
  app.store.on(["work", "picked", "search", "phase"], draw, { now: true });
  return element;
}

/** @param {App} app @param {import("../state/work_machine.js").Work} work @param {HTMLElement} progress @param {() => void} chooseFile @param {() => void} redraw */
function content(app, work, progress, chooseFile, redraw) {
  if (work.phase === "idle") return invitation(chooseFile, redraw);
  if (work.phase === "chosen") return uploadForm(app, { chooseFile });
  if (work.phase === "done") return workDone(app);
  if (work.phase === "failed") return workFailed(app, { chooseFile });
  return progress;
}

/** @param {() => void} chooseFile @param {() => void} redraw */
function invitation(chooseFile, redraw) {
  const dismiss = () => {
    invited();
    redraw();
  };
  return el(
    "div",
    { class: "invitation" },
    el("p", { class: "grow" }, el("strong", null, "Map your own pictures"), el("span", { class: "muted" }, "Drop a ZIP anywhere, or "), el("button", { type: "button", class: "text-button", onclick: chooseFile, testid: "invite-choose" }, "choose one"), el("span", { class: "muted" }, ".")),
    button("Not now", { icon: "close", kind: "quiet small", only: true, onclick: dismiss }),
  );
}

/** Who has closed the invitation, or followed it, need not see it again. */
function invited() {
  try {
    browserStorage()?.setItem(INVITED, "yes");
  } catch {
    // It will be shown again, which does no harm.
  }
}

function wasInvited() {
  return browserStorage()?.getItem(INVITED) === "yes";
}

/** @param {HTMLElement} element */
function focusFirst(element) {
  /** @type {HTMLElement|null} */ (element.querySelector(".button.primary"))?.focus({ preventScroll: true });
}
