// @ts-check
/** A table of jobs by group, with boxes to choose several. On narrow screens each row is a card. */
import { sparkline } from "../../../charts/sparkline.js";
import { el } from "../../../ui/dom.js";
import { count } from "../../../ui/format.js";
import { figures, grouped } from "../../data/rows.js";
import { newAddress } from "../../routes.js";
import { ago, badge, took } from "../../ui/status.js";

/** @typedef {{chosen: Set<string>, changed: () => void, datasets: Record<string, string>, searched: boolean}} Context */

const COLUMNS = {
  datasets: ["Name", "State", "Kind", "Owner", "Made", "Took"],
  models: ["Name", "State", "Last and best", "Loss", "Dataset", "Owner", "Made", "Took"],
  pretrained_models: ["Name", "State", "Framework", "Images", "Labels", "Owner", "Made"],
};
const EMPTY = {
  datasets: ["There is no dataset yet. The quickest way: a ZIP with one folder of pictures per class.", "dataset", "Make a dataset"],
  models: ["There is no model yet. A model learns from a dataset.", "model", "Train a model"],
  pretrained_models: ["There is no pretrained model yet. Any finished model can be made one on its page, and files can be uploaded.", "model", "Train a model"],
};

/**
 * @param {string} family datasets, models, pretrained_models
 * @param {any[]} rows
 * @param {Context} context
 * @returns {HTMLElement}
 */
export function table(family, rows, context) {
  if (!rows.length) return empty(family, context.searched);
  const groups = grouped(rows);
  const head = el("tr", null, el("th", { class: "tick" }, chooseAll(rows, context)), COLUMNS[family].map((/** @type {string} */ name) => el("th", { scope: "col" }, name)));
  return el("div", { class: "card jobs-card" }, el("table", { class: "table jobs" }, el("thead", null, head),
    groups.map(([group, members]) => el("tbody", null,
      (groups.length > 1 || group) && el("tr", { class: "group" }, el("th", { colspan: COLUMNS[family].length + 1, scope: "rowgroup" }, group || "Without a group", el("span", { class: "muted" }, ` ${count(members.length)}`))),
      members.map((row) => line(family, row, context))))));
}

/** @param {string} family @param {boolean} searched */
function empty(family, searched) {
  const [text, what, label] = EMPTY[family];
  if (searched) return el("p", { class: "card empty muted" }, "Nothing here matches the search.");
  return el("div", { class: "card empty stack-3", testid: "empty" }, el("p", null, text), el("p", null, el("a", { class: "button primary", href: newAddress(/** @type {any} */ (what)) }, label)));
}

/** @param {any[]} rows @param {Context} context */
function chooseAll(rows, { chosen, changed }) {
  const all = rows.every(({ id }) => chosen.has(id));
  const box = el("input", { type: "checkbox", checked: all, "aria-label": "Choose all", "data-key": "all", onchange: () => {
    for (const { id } of rows) box.checked ? chosen.add(id) : chosen.delete(id);
    for (const each of box.closest("table")?.querySelectorAll("tbody input[type=checkbox]") ?? []) /** @type {any} */ (each).checked = box.checked;
    changed();
  } });
  return box;
}

/** @param {string} family @param {any} row @param {Context} context */
function line(family, row, { chosen, changed, datasets }) {
  const box = el("input", { type: "checkbox", checked: chosen.has(row.id), "aria-label": `Choose ${row.name}`, "data-key": `box-${row.id}`, onchange: () => {
    box.checked ? chosen.add(row.id) : chosen.delete(row.id);
    changed();
  } });
  const name = el("a", { class: "job-name", href: `/${row.type}s/${row.id}`, "data-key": `link-${row.id}` }, row.name);
  const cells = { datasets: datasetCells, models: modelCells, pretrained_models: pretrainedCells }[family];
  return el("tr", { "data-id": row.id, testid: "job" }, el("td", { class: "tick" }, box), el("th", { scope: "row", class: "name" }, name),
    cells?.(row, datasets).map(([label, content]) => el("td", { "data-label": label, class: content === "" ? "blank" : null }, content)));
}

/** @param {any} row @returns {[string, any][]} */
function ending(row) {
  return [["Owner", row.username ?? ""], ["Made", el("time", { title: new Date(row.submitted * 1000).toLocaleString() }, ago(row.submitted))]];
}

/** @param {any} row @returns {[string, any][]} */
function datasetCells(row) {
  return [["State", badge(row.status)], ["Kind", row.extension || "classes"], ...ending(row), ["Took", took(row.elapsed)]];
}

/** @param {any} row @param {Record<string, string>} datasets @returns {[string, any][]} */
function modelCells(row, datasets) {
  const shown = figures(row).map(({ name, last, best }) => el("span", { class: "figure" }, `${name} `, el("b", null, last), el("span", { class: "muted" }, ` best ${best}`)));
  const dataset = datasets[row.dataset_id];
  return [["State", badge(row.status)], ["Last and best", shown.length ? el("span", { class: "figures" }, shown) : ""],
    ["Loss", row.sparkline?.length > 1 ? sparkline(row.sparkline, { label: "Training loss" }) : ""],
    ["Dataset", dataset ? el("a", { href: `/datasets/${row.dataset_id}` }, dataset) : ""], ...ending(row), ["Took", took(row.elapsed)]];
}

/** @param {any} row @returns {[string, any][]} */
function pretrainedCells(row) {
  const images = row.width ? `${row.width} × ${row.height} ${String(row.image_type) === "1" ? "gray" : "colour"}` : "";
  return [["State", badge(row.status)], ["Framework", row.framework ?? ""], ["Images", images], ["Labels", row.has_labels ? "yes" : "none"], ...ending(row)];
}
