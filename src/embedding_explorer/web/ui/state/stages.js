// @ts-check
/** A job's stages in the words of a person, in the order in which they come. Pure. */

/** @type {Record<string, [string, string]>} stage → [title, what it counts] */
const STAGES = {
  unpack: ["Unpack", "files"],
  decode: ["Read pictures", "images"],
  tilemaps: ["Make tilemaps", "tilemaps"],
  features: ["Compute features", "images"],
  pca: ["PCA", "images"],
  umap: ["UMAP", "epochs"],
  clusters: ["Find clusters", "steps"],
  maps: ["Maps of the epochs", "maps"],
};
const ORDER = Object.keys(STAGES);

/** @type {Record<string, string>} kind of a job → what it is */
const KINDS = { dataset: "a new dataset", clusters: "finding clusters", ingest: "a large import", import: "an import", training: "a training", series: "maps of a training's epochs",
  "Image Classification Dataset": "a dataset to train on", "Generic Dataset": "a dataset to train on", "Image Classification Model": "a training", "Generic Image Model": "a training", "Inference": "predictions for many images" };

/** @typedef {{name: string, title: string, unit: string, done: number, total: number, state: "done"|"active"|"waiting"}} Stage */

/**
 * @param {{stage: string, stages: Record<string, [number, number]>, kind?: string}} job
 * @returns {Stage[]} the known stages of a dataset's job, or those that the job tells of
 */
export function stagesOf(job) {
  const told = Object.keys(job.stages ?? {});
  const expected = job.kind === "dataset" ? ["unpack", "decode", "tilemaps", "features", "pca", "umap"] : [];
  const names = [...new Set([...expected, ...told])].sort((a, b) => place(a) - place(b));
  return names.map((name) => stageOf(name, job));
}

function place(name) {
  const index = ORDER.indexOf(name);
  return index < 0 ? ORDER.length : index;
}

/** @returns {Stage} */
function stageOf(name, job) {
  const [done, total] = job.stages?.[name] ?? [0, 0];
  const [title] = STAGES[name] ?? [name];
  const unit = stageUnit(name, total);
  const complete = total > 0 && done >= total;
  return { name, title, unit, done, total, state: complete ? "done" : job.stages?.[name] ? "active" : "waiting" };
}

/** @param {string} stage */
export function stageTitle(stage) {
  return STAGES[stage]?.[0] ?? stage;
}

/**
 * What a stage counts. While an archive is received, `unpack` counts its bytes, later its files: an archive has at most
 * 100,000 files, and one of fewer bytes is received at once.
 * @param {string} stage
 * @param {number} total
 */
export function stageUnit(stage, total) {
  if (stage === "unpack" && total > 100_000) return "bytes";
  return STAGES[stage]?.[1] ?? "steps";
}

/** @param {string} kind */
export function kindTitle(kind) {
  return KINDS[kind] ?? kind;
}

/**
 * How far a whole dataset job is, 0 to 1: stages weigh by how long they usually take.
 * @param {Stage[]} stages
 */
export function overall(stages) {
  const weight = (stage) => ({ features: 6, umap: 4, decode: 1, tilemaps: 1, unpack: 1, pca: 0.5 })[stage.name] ?? 1;
  const part = (stage) => (stage.total > 0 ? Math.min(1, stage.done / stage.total) : 0);
  const all = stages.reduce((sum, stage) => sum + weight(stage), 0);
  return all ? stages.reduce((sum, stage) => sum + weight(stage) * part(stage), 0) / all : 0;
}
