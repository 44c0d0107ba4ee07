// @ts-check
/** Finding clusters: a job of the server whose result is a column. */
import { hasEnded, followJob, abortJob } from "../../data/jobs.js";
import { send, ServerError } from "../../data/api.js";
import { plural } from "../format.js";
import { colourBy } from "./colouring.js";
import { refreshManifest } from "./open.js";

export const COLUMN = "cluster";

/** @typedef {import("./initial.js").App} App */

/**
 * Ask for clusters, follow the job, colour by them.
 * @param {App} app
 * @param {number|null} least images of a cluster; null: the server decides
 */
export async function findClusters(app, least) {
  const { data } = app.store.state;
  if (!data || app.store.state.clusters.running) return;
  const set = (part) => app.store.state.data === data && app.store.set({ clusters: { running: false, job: null, error: "", ...part } });
  set({ running: true });
  try {
    const response = await send("POST", data.manifest.clusters.url, { min_cluster_size: least });
    const answer = await response.json();
    if (response.status === 202) await untilEnd(answer.job, (job) => set({ running: true, job }));
    if (app.store.state.data !== data) return;
    await useClusters(app);
    set({});
  } catch (error) {
    set({ error: words(/** @type {Error} */ (error)) });
  }
}

/** @param {any} job @param {(job: any) => void} onJob @returns {Promise<void>} */
function untilEnd(job, onJob) {
  onJob(job);
  return new Promise((resolve, reject) => {
    const take = (now) => {
      onJob(now);
      if (!hasEnded(now)) return;
      if (now.status === "done") resolve();
      else reject(new ServerError(now.error ?? "Finding clusters was ended."));
    };
    followJob(job.id, take, reject);
  });
}

/** @param {App} app */
async function useClusters(app) {
  await refreshManifest(app);
  await colourBy(app, COLUMN);
  const { column } = app.store.state;
  const found = column?.meta.values?.length ?? 0;
  app.toasts.show(found ? `${plural(found, "cluster")} found.` : "No clusters were found. Try a smaller least size.");
}

/** @param {Error} error */
function words(error) {
  if (error instanceof ServerError && error.busy) return "The server works on something else right now. Try again when it is done.";
  return error.message;
}

/** End the search for clusters. @param {App} app */
export function stopClusters(app) {
  const { job } = app.store.state.clusters;
  if (job) abortJob(job.id).catch((error) => app.toasts.show(error.message, { level: "error" }));
}
