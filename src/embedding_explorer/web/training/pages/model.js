// @ts-check
/** A model: its training as it goes on, its snapshots, and what it says of pictures. */
import { el, fillIn, show } from "../../ui/dom.js";
import { figure, remaining } from "../../ui/format.js";
import { get } from "../data/api.js";
import { POLICIES } from "../data/sweep.js";
import { repeat } from "../data/watch.js";
import { jobHead } from "../ui/job.js";
import { showPage, tellError } from "../ui/shell.js";
import { isActive } from "../ui/status.js";
import { classifyMany } from "./model/classify_many.js";
import { classifyOne } from "./model/classify_one.js";
import { graphs } from "./model/graphs.js";
import { hardwareLine } from "./model/hardware.js";
import { infer } from "./model/infer.js";
import { mapsCard } from "./model/maps.js";
import { snapshots } from "./model/snapshots.js";
import { topN } from "./model/top_n.js";

const LIVE = 1000; // ms
const DETAILS = 5; // of so many turns one asks for all

/** @param {{id: string}} facts */
export async function open({ id }) {
  const logs = el("a", { class: "button", hidden: true, testid: "run-logs", title: "Scalars, histograms, embeddings and the graph of this training" }, "Run logs");
  const head = jobHead({ family: "model", changed: () => ((turn = 0), watch.now()), more: [logs] });
  const charts = graphs();
  const hardware = el("p", { class: "muted small", testid: "hardware" });
  const saved = snapshots(id);
  const maps = mapsCard(id);
  const use = el("div", { class: "stack-3", testid: "use" });
  const facts = el("div");
  showPage(head.element, charts.element, hardware, el("div", { class: "halves" }, saved.element, facts), maps.element, use);
  let turn = 0;
  let model = /** @type {any} */ (null);
  let options = /** @type {any} */ (null);
  let used = false;
  const watch = repeat(async () => {
    const graph = await get(`/models/${id}/graph.json`);
    if (!model || turn % DETAILS === 0 || graph.status !== model.status || graph.snapshots.length !== model.snapshots.length) {
      model = await get(`/models/${id}.json`);
      // Before its first figures a training may not have written what it was told to do.
      if (graph.combined_graph && !options) options = await optionsOf(model);
      fillIn(facts, factsCard(model, options));
      show(logs, Boolean(model.run_logs));
      if (model.run_logs) logs.href = model.run_logs;
    }
    turn += 1;
    head.update({ ...model, status: graph.status, progress: graph.progress });
    head.tell(stageOf(graph));
    charts.update(graph);
    hardwareLine(hardware, graph.hardware);
    saved.update(graph.snapshots);
    maps.update(graph);
    const ready = graph.snapshots.length > 0;
    show(use, ready);
    if (ready && !used) {
      used = true;
      fillIn(use, await usesOf(model, saved.epoch));
    }
    return isActive(graph.status) ? LIVE : null;
  }, { trouble: (error) => tellError(error) });
}

/** @param {any} graph */
function stageOf({ status, epoch, eta, progress }) {
  if (status !== "Running") return "Waits for its turn";
  return [`${progress} %`, epoch !== null && `epoch ${figure(epoch)}`, remaining(eta)].filter(Boolean).join(" · ");
}

/** @param {any} model @param {() => number|null} epoch */
async function usesOf(model, epoch) {
  const classes = model["labels file"] !== undefined;
  const dataset = await get(`/datasets/${model.dataset_id}.json`).catch(() => null);
  if (!classes) return infer(model, dataset, epoch).element;
  const { jobs_dir: jobsDir } = await get("/index.json");
  return [classifyOne(model, epoch).element, classifyMany(model, dataset, jobsDir, epoch).element, topN(model, dataset, epoch).element];
}

/** What the training was told to do, and the network's name. @param {any} model */
async function optionsOf(model) {
  const [solver, network] = await Promise.all([model["solver file"], model["network file"]].map((name) => get(`/files/${model.id}/${name}`).catch(() => ({}))));
  return { ...solver, network: network.name ?? network.standard };
}

/** @param {any} model @param {any} options null while they are not known */
function factsCard(model, options) {
  const [height, width, channels] = model["image dimensions"] ?? [];
  const { network, epochs, solver, learning_rate: rate, batch_size: batch, seed, policy } = options ?? {};
  const rows = [
    ["Dataset", el("a", { href: `/datasets/${model.dataset_id}` }, model.dataset_id)], ["Network", network], ["Images", height ? `${width} × ${height} × ${channels}` : ""],
    ["Subtracts", { image: "the mean image", pixel: "the mean colour", none: "nothing" }[model["mean subtraction"]]],
    ["Epochs", epochs], ["Solver", solver], ["Learning rate", rate && `${rate}, ${POLICIES[policy?.name]?.label.toLowerCase() ?? ""}`], ["Batch size", batch || (options && "the network's own")], ["Seed", seed],
    ["On the server", el("code", { class: "path" }, model.directory)],
  ].filter(([, value]) => value || value === 0);
  return el("section", { class: "card padded", "aria-label": "How it is trained" }, el("h2", null, "How it is trained"), el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", null, name), el("dd", null, value)])));
}
