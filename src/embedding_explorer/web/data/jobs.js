// @ts-check
/** Jobs of the server: is it busy, how far is a job, end it. */
import { getJson, send, ServerError } from "./api.js";

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} kind
 * @property {string} name
 * @property {"waiting"|"running"|"done"|"failed"|"aborted"} status
 * @property {string} stage
 * @property {Record<string, [number, number]>} stages
 * @property {number} done
 * @property {number} total
 * @property {string|null} error
 * @property {any} result
 */

const ENDED = ["done", "failed", "aborted"];
const POLL = 1000; // ms between two looks where server-sent events do not work

/** @param {{status: string}} job */
export function hasEnded(job) {
  return ENDED.includes(job.status);
}

/**
 * The job that the server works on; null while it is idle.
 * @param {AbortSignal} [signal]
 * @returns {Promise<import("./api.js").JobBrief|null>}
 */
export async function busyJob(signal) {
  try {
    await getJson("/status", { signal, cache: "no-store" });
    return null;
  } catch (error) {
    if (error instanceof ServerError && error.busy) return error.job ?? { id: "", kind: "job", stage: "", done: 0, total: 0 };
    throw error;
  }
}

/** @param {string} id @returns {Promise<Job>} */
export function getJob(id) {
  return getJson(`/jobs/${encodeURIComponent(id)}.json`, { cache: "no-store" });
}

/** Ask the server to end a job. @param {string} id */
export async function abortJob(id) {
  return (await send("POST", `/jobs/${encodeURIComponent(id)}/abort`)).json();
}

/**
 * Follow a job by server-sent events; by asking again where those break off.
 * @param {string} id
 * @param {(job: Job) => void} onJob called for each change, the last time with a job that has ended
 * @param {(error: Error) => void} onError the job is gone or the server cannot be reached any more
 * @returns {() => void} stops following
 */
export function followJob(id, onJob, onError) {
  const source = new EventSource(`/jobs/${encodeURIComponent(id)}/events`);
  let stop = () => source.close();
  const take = (event) => onJob(JSON.parse(event.data));
  source.addEventListener("progress", take);
  source.addEventListener("end", (event) => {
    source.close(); // else it would connect again and hear the end for ever
    take(event);
  });
  source.onerror = () => {
    source.close();
    stop = pollJob(id, onJob, onError);
  };
  return () => stop();
}

/** @param {string} id @param {(job: Job) => void} onJob @param {(error: Error) => void} onError */
function pollJob(id, onJob, onError) {
  let failures = 0;
  let timer = 0;
  let stopped = false;
  const look = async () => {
    try {
      const job = await getJob(id);
      if (stopped) return;
      failures = 0;
      onJob(job);
      if (hasEnded(job)) return;
    } catch (error) {
      failures += 1;
      const gone = error instanceof ServerError && error.status === 404;
      if (stopped) return;
      if (gone || failures >= 10) return void onError(/** @type {Error} */ (error));
    }
    timer = setTimeout(look, POLL);
  };
  look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
