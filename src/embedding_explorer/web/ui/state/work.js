// @ts-check
/** Carries out what the work machine says: waits for the server, sends the archive, follows the job, opens the map. */
import { ServerError } from "../../data/api.js";
import { abortJob, busyJob, followJob } from "../../data/jobs.js";
import { kindOf, sendArchive } from "../../data/upload.js";
import { bytes, plural, stem } from "../format.js";
import { openDataset } from "./open.js";
import { step } from "./work_machine.js";
import { listZip, suggestsLabels } from "./zip_listing.js";

const WAIT = 2000; // ms between two looks whether the server is free

/** @typedef {import("./initial.js").App} App */

let asking = new AbortController();
let abortUpload = () => {};
let stopFollowing = () => {};
let timer = 0;

/** @param {App} app @param {{type: string, [fact: string]: any}} event */
function send(app, event) {
  app.store.set({ work: step(app.store.state.work, event) });
}

/**
 * A file for a new dataset: look into it, then ask for its options.
 * @param {App} app
 * @param {File} file
 */
export async function chooseArchive(app, file) {
  const { limits } = app.store.state;
  send(app, { type: "choose", file, options: { name: stem(file.name), labels: false, network: null, layer: "", pooling: "", listing: null } });
  if (app.store.state.work.file !== file) return void app.toasts.show("Another archive is under way. Abort it first, or wait until it is done.");
  revoke();
  if (limits && file.size > limits.bytes) {
    return send(app, { type: "fail", error: `${file.name} has ${bytes(file.size)}, and this server takes ${bytes(limits.bytes)} at most (EXPLORER_MAX_UPLOAD_BYTES).` });
  }
  const listing = kindOf(file) === "archive" ? await listZip(file).catch(() => null) : null;
  if (app.store.state.work.file === file) setOptions(app, { listing, labels: suggestsLabels(listing) });
}

/** @param {App} app @param {object} options */
export function setOptions(app, options) {
  send(app, { type: "options", options });
}

/** Begin, or wait until the server is free; only the last wish counts. @param {App} app */
export async function startUpload(app) {
  revoke();
  const { signal } = (asking = new AbortController());
  try {
    const job = await busyJob(signal);
    if (signal.aborted) return;
    if (job) return wait(app, job);
  } catch (error) {
    if (!signal.aborted) send(app, { type: "fail", error: /** @type {Error} */ (error).message });
    return;
  }
  send(app, { type: "start" });
  if (app.store.state.work.phase === "uploading") upload(app);
}

/** Nothing begins any more that has only been asked for. */
function revoke() {
  clearTimeout(timer);
  asking.abort();
}

/** @param {App} app @param {any} job somebody else's */
function wait(app, job) {
  send(app, { type: "busy", job });
  timer = setTimeout(() => app.store.state.work.phase === "waiting" && startUpload(app), WAIT);
}

/** @param {App} app */
function upload(app) {
  const { file, options } = app.store.state.work;
  const sending = sendArchive(/** @type {File} */ (file), options, (loaded, total) => send(app, { type: "sent", loaded, total }));
  abortUpload = sending.abort;
  sending.done.then((accepted) => take(app, accepted), (error) => failed(app, error));
}

/** @param {App} app @param {any} accepted */
function take(app, accepted) {
  if (accepted.known) {
    send(app, { type: "known", result: accepted.known });
    return finish(app);
  }
  send(app, { type: "accepted", job: accepted.job });
  follow(app, accepted.job.id);
}

/** @param {App} app @param {string} id */
function follow(app, id) {
  const lost = (error) => send(app, { type: "fail", error: `The job was lost sight of: ${error.message}` });
  stopFollowing = followJob(id, (job) => progress(app, job), lost);
}

/** @param {App} app @param {any} job */
function progress(app, job) {
  send(app, { type: "job", job });
  if (job.status === "aborted") app.toasts.show("The job was aborted; nothing of it was kept.");
  if (app.store.state.work.phase === "done") finish(app);
}

/** The new map opens by itself. @param {App} app */
async function finish(app) {
  const { result } = app.store.state.work;
  const opened = await openDataset(app, result.dataset, { push: true });
  if (opened) app.announce(`The new map is open: ${plural(result.total, "image")}, ${result.skipped} skipped`);
}

/** @param {App} app @param {Error} error */
function failed(app, error) {
  if (error.name === "AbortError") return;
  if (error instanceof ServerError && error.busy) return wait(app, error.job ?? { kind: "job", stage: "", done: 0, total: 0 });
  send(app, { type: "fail", error: error.message });
}

/** End the upload or the job. @param {App} app */
export function abortWork(app) {
  const { phase, job } = app.store.state.work;
  send(app, { type: "abort" });
  if (phase === "uploading") abortUpload();
  if (phase === "working") abortJob(job.id).catch((error) => app.toasts.show(error.message, { level: "error" }));
}

/** Wait no longer. @param {App} app */
export function cancelWait(app) {
  revoke();
  send(app, { type: "cancel" });
}

/** Put the result or the error away. @param {App} app */
export function dismissWork(app) {
  revoke();
  stopFollowing();
  send(app, { type: "dismiss" });
}
