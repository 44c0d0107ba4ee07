// @ts-check
/** Where an upload and its job are. A pure function: state and event in, state out. */

/**
 * @typedef {object} Work
 * @property {"idle"|"chosen"|"waiting"|"uploading"|"working"|"done"|"failed"} phase
 * @property {File|{name: string, size: number}|null} file
 * @property {any} options name, labels, network
 * @property {number} loaded bytes sent
 * @property {number} size bytes to send
 * @property {any} job the job as the server tells it, own or (waiting) somebody else's
 * @property {any} result {dataset, total, skipped}
 * @property {boolean} known these very bytes had become a dataset before
 * @property {string} error what went wrong, in the server's words
 * @property {boolean} aborting
 */

/** @returns {Work} */
export function idle() {
  return {
    phase: "idle", file: null, options: null, loaded: 0, size: 0, job: null,
    result: null, known: false, error: "", aborting: false,
  };
}

const STEPS = {
  /** A file was chosen; its options can be set. */
  choose: (work, { file, options }) => (underWay(work) ? work : { ...idle(), phase: "chosen", file, options, size: file.size }),
  options: (work, { options }) => (underWay(work) ? work : { ...work, options: { ...work.options, ...options } }),
  /** The server works for somebody else: wait. */
  busy: (work, { job }) => (["chosen", "waiting", "uploading", "failed"].includes(work.phase) ? { ...work, phase: "waiting", job, error: "", loaded: 0 } : work),
  start: (work) => (["chosen", "waiting", "failed"].includes(work.phase) ? { ...work, phase: "uploading", loaded: 0, job: null, error: "" } : work),
  sent: (work, { loaded, total }) => (work.phase === "uploading" ? { ...work, loaded, size: total } : work),
  /** The server took the archive and began a job. */
  accepted: (work, { job }) => (work.phase === "uploading" ? { ...work, phase: "working", job, loaded: work.size } : work),
  known: (work, { result }) => (work.phase === "uploading" ? { ...work, phase: "done", result, known: true, job: null } : work),
  job: (work, { job }) => (work.phase === "working" ? afterJob(work, job) : work),
  abort: (work) => (work.phase === "working" ? { ...work, aborting: true } : work.phase === "uploading" ? chosenAgain(work) : work),
  /** Waiting is given up; the form comes back. */
  cancel: (work) => (work.phase === "waiting" ? chosenAgain(work) : work),
  fail: (work, { error }) => ({ ...work, phase: "failed", error, job: null, aborting: false }),
  dismiss: (work) => (underWay(work) ? work : idle()),
};

/**
 * @param {Work} work
 * @param {{type: string, [fact: string]: any}} event
 * @returns {Work}
 */
export function step(work, event) {
  const change = STEPS[event.type];
  if (!change) throw new Error(`There is no event ${event.type}.`);
  return change(work, event);
}

/** @param {Work} work whether something runs that a new file must not replace */
export function underWay(work) {
  return ["waiting", "uploading", "working"].includes(work.phase);
}

function chosenAgain(work) {
  return { ...work, phase: "chosen", loaded: 0, job: null, error: "", aborting: false };
}

function afterJob(work, job) {
  if (job.status === "done") return { ...work, phase: "done", job, result: job.result, aborting: false };
  if (job.status === "failed") return { ...work, phase: "failed", job: null, error: job.error ?? "The job failed.", aborting: false };
  if (job.status === "aborted") return chosenAgain(work);
  return { ...work, job };
}
