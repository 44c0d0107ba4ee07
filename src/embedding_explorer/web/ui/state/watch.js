// @ts-check
/** Somebody else's job: seen by asking /status now and then, followed by server-sent events. */
import { busyJob, followJob, hasEnded } from "../../data/jobs.js";
import { openDataset, refreshMaps } from "./open.js";

const EVERY = 5000; // ms
const HOLDERS = ["uploading", "working"]; // phases in which the job is our own

/** @typedef {import("./initial.js").App} App */

/** Watch for as long as the page is open; nothing is asked while it is hidden. @param {App} app */
export function watchServer(app) {
  let following = false;
  const look = async () => {
    if (document.hidden || following || isOurs(app)) return;
    const job = await busyJob().catch(() => undefined); // an unreachable server is told by what the reader does next
    if (!job || !job.id || isOurs(app, job.id)) return app.store.set({ foreign: null });
    following = true;
    follow(app, job.id, () => (following = false));
  };
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
  look();
}

/** @param {App} app @param {string} [id] */
function isOurs(app, id) {
  const { work, clusters } = app.store.state;
  return HOLDERS.includes(work.phase) || clusters.running || (id !== undefined && work.job?.id === id && work.phase !== "waiting");
}

/** @param {App} app @param {string} id @param {() => void} onend */
function follow(app, id, onend) {
  const end = () => {
    onend();
    app.store.set({ foreign: null });
  };
  const take = (job) => {
    if (!hasEnded(job)) return app.store.set({ foreign: job });
    end();
    if (job.status === "done") afterForeign(app);
  };
  followJob(id, take, end);
}

/** Somebody made a dataset: it is in the list now, and on an empty server it is the first map. @param {App} app */
async function afterForeign(app) {
  await refreshMaps(app);
  if (app.store.state.phase === "empty") openDataset(app, null);
}
