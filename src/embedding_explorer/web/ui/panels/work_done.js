// @ts-check
/** How an upload ended: the new map and what was left out, or what went wrong and what can be done. */
import { getJson } from "../../data/api.js";
import { el, fillIn } from "../dom.js";
import { count, duration, plural } from "../format.js";
import { button, note } from "../parts/controls.js";
import { dismissWork, startUpload } from "../state/work.js";
import { workHead } from "./work_form.js";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function workDone(app) {
  const { result, known, options, job } = app.store.state.work;
  const skipped = el("div", { testid: "skipped" });
  const words = known ? "These very pictures are a dataset already. Here it is" : "The map is ready";
  fillIn(skipped, el("p", { class: "muted" }, result.skipped ? `${plural(result.skipped, "file")} skipped` : "Nothing was skipped."));
  if (result.skipped) listSkipped(app, result.dataset, skipped);
  return el(
    "div",
    { class: "work-done", testid: "work-done" },
    workHead(options?.name ?? "New map", () => dismissWork(app)),
    el("p", null, `${words}: ${plural(result.total, "image")}${took(job)}.`),
    skipped,
  );
}

/** @param {any} job */
function took(job) {
  const seconds = (Date.parse(job?.finished) - Date.parse(job?.created)) / 1000;
  return seconds > 0 ? ` in ${duration(seconds)}` : "";
}

/** @param {App} app @param {string} id @param {HTMLElement} place */
async function listSkipped(app, id, place) {
  try {
    const { skipped, skipped_total: total } = await getJson(`/maps/${id}`);
    fillIn(place, skippedList(skipped, total));
  } catch (error) {
    fillIn(place, note(`The list of skipped files could not be read. ${/** @type {Error} */ (error).message}`, "error"));
  }
}

/**
 * Files that were passed over, the reasons first.
 * @param {{file: string, reason: string}[]} skipped
 * @param {number} total
 */
export function skippedList(skipped, total) {
  const more = total - skipped.length;
  return el(
    "details",
    { class: "skipped", open: total <= 5 },
    el("summary", null, `${plural(total, "file")} skipped`),
    el("ul", { class: "skipped-list" },
      skipped.map(({ file, reason }) => el("li", null, el("span", { class: "skipped-file" }, file), el("span", { class: "muted" }, reason))),
      more > 0 && el("li", { class: "muted" }, `and ${count(more)} more`)),
  );
}

/** @param {App} app @param {{chooseFile: () => void}} actions @returns {HTMLElement} */
export function workFailed(app, { chooseFile }) {
  const { error, file } = app.store.state.work;
  return el(
    "div",
    { class: "work-failed" },
    workHead(file?.name ?? "New map", () => dismissWork(app)),
    el("div", { testid: "work-error" }, note(error, "error")),
    el("div", { class: "row" }, button("Try again", { kind: "primary", testid: "upload-retry", onclick: () => startUpload(app) }), button("Choose another file", { onclick: chooseFile })),
  );
}
