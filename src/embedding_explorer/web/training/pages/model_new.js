// @ts-check
/** A new model: on which dataset, with which network, trained how. */
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { note } from "../../ui/parts/controls.js";
import { get } from "../data/api.js";
import { sweepWords } from "../data/sweep.js";
import { newAddress } from "../routes.js";
import { choiceField, grid, numberField, section, setOptions, textField, tickField } from "../ui/fields.js";
import { creationForm } from "../ui/form.js";
import { headline, showPage } from "../ui/shell.js";
import { isActive } from "../ui/status.js";
import { fillFrom } from "./dataset_new.js";
import { augmentation } from "./model_new/augmentation.js";
import { networkSection } from "./model_new/network.js";
import { rateSection } from "./model_new/rate.js";

const SOLVERS = { SGD: "SGD with momentum", NESTEROV: "Nesterov momentum", ADAM: "Adam", RMSPROP: "RMSprop", ADAGRAD: "AdaGrad", ADADELTA: "AdaDelta" };

/** @param {{kind: "classification"|"generic", extension?: string, query: URLSearchParams}} facts */
export async function open({ kind, extension = "", query }) {
  const [tables, networks, hardware] = await Promise.all([get("/completed_jobs.json"), get("/models/networks.json"), get("/gpus.json")]);
  const usable = datasets(tables, kind, extension);
  const dataset = choiceField({ name: "dataset", label: "Dataset", options: usable.map(({ id, name, status }) => ({ value: id, label: isActive(status) ? `${name} (being made)` : name })), value: query.get("dataset") ?? usable[0]?.id });
  const about = el("p", { class: "muted small", role: "status" });
  const network = networkSection(kind, networks);
  const rate = rateSection();
  const sizes = textField({ name: "batch_size", label: "Batch size", placeholder: "as the network has it", help: "Several with commas make a model each." });
  const sweep = el("p", { class: "note", role: "status", hidden: true, testid: "sweep" });
  const tellSweep = () => {
    const words = sweepWords(rate.rates.value, sizes.input.value);
    show(sweep, words !== "");
    setText(sweep, words);
  };
  for (const input of [rate.rates, sizes.input]) input.addEventListener("input", tellSweep);
  const form = creationForm({
    action: `/models/images/${kind}${extension ? `/${extension}` : ""}.json`, submit: "Train", testid: "model-form",
    children: [
      section("Dataset", dataset.element, about), network.element,
      section("Training", grid(
        numberField({ name: "train_epochs", label: "Epochs", value: 30, min: 1, help: "Times through all pictures." }).element,
        numberField({ name: "snapshot_interval", label: "Snapshot every … epochs", value: 1, min: 0, step: "any" }).element,
        numberField({ name: "val_interval", label: "Validate every … epochs", value: 1, min: 0, step: "any" }).element, sizes.element,
        numberField({ name: "batch_accumulation", label: "Accumulate batches", min: 1, placeholder: "1", help: "So many before each step." }).element,
        numberField({ name: "random_seed", label: "Random seed", min: 0, placeholder: "drawn", help: "The same seed gives the same training." }).element), solver(), gpus(hardware),
      tickField({ name: "shuffle", label: "Shuffle the pictures in every epoch", checked: true }).element),
      rate.element, augmentation(), section("Name", grid(textField({ name: "model_name", label: "Name", testid: "model_name" }).element, textField({ name: "group_name", label: "Group (optional)" }).element)), sweep,
    ],
    prepare: (data) => data.has("shuffle") || data.set("shuffle", "false"),
    created: (answer) => location.assign(answer.jobs ? "/training?tab=models" : `/models/${answer.id}`),
  });
  const follow = () => followDataset(dataset.input.value, about, network);
  dataset.input.addEventListener("change", follow);
  showPage(headline(kind === "classification" ? "New model that tells classes apart" : "New model for regression"), usable.length ? form : noDataset(kind));
  const clone = query.get("clone");
  if (clone) await fillFrom(form, clone);
  if (usable.length) await follow();
  tellSweep();
}

/** @param {any} tables @param {string} kind @param {string} extension */
function datasets(tables, kind, extension) {
  const all = [...tables.running.filter((/** @type {any} */ row) => row.type === "dataset"), ...tables.datasets.filter((/** @type {any} */ row) => row.status === "Done")];
  return all.filter((row) => (kind === "classification" ? !row.extension : row.extension && (!extension || row.extension === extension)));
}

/** @param {string} kind */
function noDataset(kind) {
  const href = kind === "classification" ? newAddress("dataset") : newAddress("generic-dataset", { extension: "image-gradients" });
  return el("div", { class: "card empty stack-3" }, note("A model learns from a dataset, and there is none of this kind yet."), el("p", null, el("a", { class: "button primary", href }, "Make a dataset")));
}

/** Tell what the chosen dataset is, and fit the network's table to it. @param {string} id @param {HTMLElement} about @param {any} network */
async function followDataset(id, about, network) {
  const dataset = await get(`/datasets/${id}.json`);
  const task = dataset.CreateDbTasks?.[0];
  const [height, width, channels] = task ? [task.image_height, task.image_width, task.image_channels] : dataset.feature_dims ?? [];
  const classes = dataset.ParseFolderTasks?.[0]?.label_count ?? null;
  const sets = (dataset.CreateDbTasks ?? dataset.create_db_tasks ?? []).map((/** @type {any} */ each) => each.entries ?? each.entry_count).filter(Boolean);
  fillIn(about, [height && `${width} × ${height}, ${channels === 1 ? "gray" : "colour"}`, classes && `${classes} classes`, sets.length && `${sets.join(" + ")} pictures`].filter(Boolean).join(" · "), " ", el("a", { href: `/datasets/${id}` }, "Look at it"));
  network.fit(height ? { shape: [channels, height, width], classes } : null);
}

function solver() {
  const decay = el("fieldset", { class: "panel", disabled: true, hidden: true, "aria-label": "RMSprop" }, numberField({ name: "rms_decay", label: "Decay of RMSprop", value: 0.99, min: 0, step: "any" }).element);
  const field = choiceField({ name: "solver_type", label: "Solver", options: Object.entries(SOLVERS).map(([value, label]) => ({ value, label })), value: "SGD" });
  const draw = () => {
    const off = field.input.value !== "RMSPROP";
    decay.disabled = off;
    decay.hidden = off;
  };
  for (const kind of ["change", "sync"]) field.input.addEventListener(kind, draw);
  return grid(field.element, decay,
    choiceField({ name: "use_mean", label: "Subtract", options: [{ value: "image", label: "The mean image" }, { value: "pixel", label: "The mean colour" }, { value: "none", label: "Nothing" }] }).element,
    numberField({ name: "crop_size", label: "Crop to", min: 1, placeholder: "the network's own", help: "A random square of so many pixels." }).element);
}

/** @param {any} hardware */
function gpus(hardware) {
  if (!hardware.total) return null;
  const field = choiceField({ name: "select_gpu", label: "GPU", options: [] });
  setOptions(field.input, [{ value: "next", label: "The next free one" }, ...hardware.gpus.map((/** @type {any} */ gpu) => ({ value: gpu.index, label: `${gpu.index}: ${gpu.name}${gpu.in_use_by ? " (in use)" : ""}` }))], "next");
  return grid(field.element);
}
