// @ts-check
/** A dataset: how far its tasks are, how many pictures each class has, and the pictures themselves. */
import { barList } from "../../charts/bars.js";
import { el, fillIn, show } from "../../ui/dom.js";
import { count, plural } from "../../ui/format.js";
import { icon } from "../../ui/parts/icons.js";
import { get } from "../data/api.js";
import { repeat } from "../data/watch.js";
import { newAddress } from "../routes.js";
import { jobHead } from "../ui/job.js";
import { isActive } from "../ui/status.js";
import { showPage, tellError } from "../ui/shell.js";
import { explorer } from "./dataset/explorer.js";

const LIVE = 1000; // ms
const BARS = 60; // classes shown before “all”

/** @param {{id: string}} facts */
export async function open({ id }) {
  const train = el("a", { class: "button primary", "data-testid": "train-on", hidden: true }, icon("plus"), "Train a model on it");
  const head = jobHead({ family: "dataset", changed: () => watch.now(), more: [train] });
  const tasks = el("div", { testid: "tasks" });
  const numbers = el("div", { class: "stack-3", testid: "statistics" });
  const pictures = el("div");
  const files = el("div", { class: "small" });
  showPage(head.element, tasks, numbers, pictures, files);
  let shown = "";
  let explored = /** @type {any} */ (null);
  const watch = repeat(async () => {
    const dataset = await get(`/datasets/${id}.json`);
    head.update(dataset);
    const classes = dataset.CreateDbTasks !== undefined;
    show(train, dataset.status === "Done" || isActive(dataset.status));
    train.href = newAddress(classes ? "model" : "generic-model", { dataset: id });
    fillIn(tasks, taskList(dataset));
    const statistics = await get(`/datasets/${id}/statistics.json`);
    const state = JSON.stringify([dataset.status, statistics]);
    if (state !== shown) {
      shown = state;
      if (dataset.status === "Done" && !explored) fillIn(pictures, (explored = explorer(dataset, statistics)).element);
      const explore = explored && ((/** @type {string} */ db, /** @type {number} */ label) => explored.show(db, label));
      fillIn(numbers, statistics.sets.map((/** @type {any} */ set) => setCard(set, classes, explore)));
      fillIn(files, fileLinks(dataset, classes));
    }
    return isActive(dataset.status) ? LIVE : null;
  }, { trouble: (error) => tellError(error) });
}

/** @param {any} dataset */
function taskList(dataset) {
  const parsing = (dataset.ParseFolderTasks ?? []).map((/** @type {any} */ task) => [task.name, task.label_count === null ? null : `${plural(task.label_count, "class", "classes")}: ${[["train", task.train_count], ["val", task.val_count], ["test", task.test_count]].filter(([, n]) => n).map(([name, n]) => `${count(n)} ${name}`).join(", ")}`]);
  const writing = (dataset.CreateDbTasks ?? []).map((/** @type {any} */ task) => [task.name, task.entries === null ? null : `${plural(task.entries, "image")}, ${task.image_width} × ${task.image_height} × ${task.image_channels}, ${task.encoding === "none" ? "raw" : task.encoding}`]);
  const generic = (dataset.create_db_tasks ?? []).map((/** @type {any} */ task) => [task.name, task.feature_db_path || dataset.status === "Done" ? plural(task.entry_count, "entry", "entries") : null]);
  return el("section", { class: "card padded", "aria-label": "Tasks" }, el("h2", null, "Tasks"), el("ol", { class: "tasks" }, [...parsing, ...writing, ...generic].map(([name, found]) =>
    el("li", { class: found === null ? "open" : "done" }, icon(found === null ? "auto" : "check"), el("span", null, name), el("span", { class: "muted" }, found ?? (isActive(dataset.status) ? "not yet" : "not done"))))));
}

/** @param {any} set @param {boolean} classes @param {any} explore */
function setCard(set, classes, explore) {
  const name = { train: "Training set", val: "Validation set", test: "Test set" }[set.db] ?? set.db;
  const failed = set.failed ? `, ${plural(set.failed, "picture")} could not be read` : "";
  const bar = (/** @type {any} */ each) => ({ label: each.label, value: each.count, text: count(each.count) + (each.error_count ? ` (${each.error_count} unreadable)` : ""), onclick: explore ? () => explore(set.db, each.index) : undefined });
  const all = set.classes.map(bar);
  const bars = (/** @type {any[]} */ list) => barList(list, { label: `Pictures per class, ${name}`, testid: `classes-${set.db}` });
  const place = el("div", null, bars(all.slice(0, BARS)));
  const rest = all.length > BARS && el("button", { type: "button", class: "link small", onclick: (event) => (fillIn(place, bars(all)), event.currentTarget.remove()) }, `Show all ${count(all.length)} classes`);
  return el("section", { class: "card padded", "aria-label": name }, el("h2", null, name), el("p", { class: "muted small" }, `${plural(set.entries, classes ? "picture" : "entry", classes ? "pictures" : "entries")}${failed}`),
    el("div", { class: "beside" }, all.length > 0 && el("div", { class: "grow" }, place, rest),
      set.mean_image && el("figure", { class: "mean" }, el("img", { src: `${set.mean_image}?${set.entries}`, alt: "Mean of all training pictures", class: "pixels" }), el("figcaption", { class: "small muted" }, "Mean image"))));
}

/** @param {any} dataset @param {boolean} classes */
function fileLinks(dataset, classes) {
  const sets = (dataset.CreateDbTasks ?? []).map((/** @type {any} */ task) => `${/\((\w+)\)/.exec(task.name)?.[1]}.txt`);
  const names = classes && dataset.status === "Done" ? ["labels.txt", ...sets] : [];
  return el("p", { class: "muted" }, "On the server: ", el("code", { class: "path" }, dataset.directory), names.map((name) => [" · ", el("a", { href: `/files/${dataset.id}/${name}` }, name)]));
}
