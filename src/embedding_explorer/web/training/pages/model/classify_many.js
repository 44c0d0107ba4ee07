// @ts-check
/** A list of pictures: how many are right, which classes are taken for which, and the pictures behind each number. */
import { barList } from "../../../charts/bars.js";
import { worst } from "../../../charts/confusion.js";
import { HeatMap } from "../../../charts/heat_map.js";
import { el, fillIn, show } from "../../../ui/dom.js";
import { basename, count, plural } from "../../../ui/format.js";
import { button, note, progressBar } from "../../../ui/parts/controls.js";
import { post } from "../../data/api.js";
import { inCell, pathsOf } from "../../data/lists.js";
import { listSource } from "../../ui/list_source.js";
import { pictureFinder } from "./pictures.js";

const MOST_LISTED = 200; // rows of a list without classes
const WORST = 8;

/** @param {any} model @param {any} dataset @param {string} jobsDir @param {() => number|null} epoch */
export function classifyMany(model, dataset, jobsDir, epoch) {
  const source = listSource(dataset);
  const answer = el("div", { class: "stack-3", testid: "judged" });
  const bar = progressBar({ label: "Classifying" });
  show(bar.element, false);
  const go = button("Classify all", { kind: "primary", testid: "classify-many", onclick: async () => {
    go.disabled = true;
    show(bar.element, true);
    bar.set(null);
    fillIn(answer);
    try {
      const { form, text, db } = await source.values();
      const found = await post("/models/images/classification/classify_many.json", { job_id: model.id, snapshot_epoch: epoch(), ...form });
      const pictures = pictureFinder({ dataset, db, paths: pathsOf(text), jobsDir });
      fillIn(answer, found.confusion_matrix ? judged(found, pictures) : listed(found), skipped(found.skipped ?? []));
    } catch (error) {
      fillIn(answer, note(/** @type {Error} */ (error).message, "error"));
    } finally {
      go.disabled = false;
      show(bar.element, false);
    }
  } });
  const element = el("section", { class: "card padded stack-3", "aria-label": "Classify many pictures" }, el("h2", null, "Classify a list, and judge"), source.element, el("div", null, go), bar.element, answer);
  return { element };
}

/** @param {any} found @param {any} pictures */
function judged(found, pictures) {
  const { labels, confusion_matrix: matrix } = found;
  const place = el("section", { class: "stack", "aria-live": "polite", testid: "cell" });
  const open = async (/** @type {number} */ row, /** @type {number} */ column) => {
    const cell = inCell(found, labels[row], labels[column]);
    const title = row === column ? `${labels[row]}, recognised` : `${labels[row]}, taken for ${labels[column]}`;
    fillIn(place, el("h3", null, `${title}: ${plural(cell.length, "picture")}`));
    place.append(await pictures(cell, row));
    place.scrollIntoView({ block: "nearest" });
  };
  const heat = new HeatMap({ label: "Confusion matrix", onpick: open, testid: "confusion" });
  heat.update(matrix, labels);
  const mistakes = worst(matrix, WORST);
  const total = Object.keys(found.classifications).length;
  return [
    el("dl", { class: "scores" }, score("Right at first", found.top1_accuracy, "top1"), score("Among the best five", found.top5_accuracy, "top5-accuracy"), el("div", null, el("dt", null, "Pictures"), el("dd", null, count(total)))),
    el("div", { class: "beside" }, el("div", { class: "grow wide" }, el("h3", null, "Confusion matrix"), heat.element),
      el("div", { class: "grow stack-3" }, el("h3", null, "Right, by class"),
        barList(labels.map((/** @type {string} */ label, /** @type {number} */ index) => ({ label, value: found.per_class_accuracy[index], text: found.per_class_accuracy[index] === null ? "none here" : `${found.per_class_accuracy[index].toFixed(1)} %`, onclick: () => void open(index, index) })), { label: "Accuracy by class", most: 100, testid: "per-class" }),
        mistakes.length > 0 && el("div", { class: "stack" }, el("h3", null, "Most often mistaken"), el("ol", { class: "mistakes" }, mistakes.map(({ row, column, count: n }) =>
          el("li", null, el("button", { type: "button", class: "link", onclick: () => void open(row, column) }, `${labels[row]} for ${labels[column]}`), el("span", { class: "muted" }, ` ${count(n)}`))))))),
    place,
  ];
}

/** @param {string} name @param {number|null} value @param {string} testid */
function score(name, value, testid) {
  return el("div", null, el("dt", null, name), el("dd", { testid }, value === null ? "–" : `${value.toFixed(2)} %`));
}

/** Without true classes: what each was taken for. @param {any} found */
function listed({ classifications }) {
  const entries = Object.entries(classifications);
  const row = ([path, pairs]) => el("tr", null, el("th", { scope: "row", class: "ellipsis", title: path }, basename(path)), el("td", null, pairs[0]?.[0] ?? ""), el("td", { class: "number" }, pairs[0] ? `${pairs[0][1].toFixed(1)} %` : ""), el("td", { class: "muted" }, pairs.slice(1).map(([label, value]) => `${label} ${value.toFixed(1)}`).join(", ")));
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Classifications" }, el("table", { class: "table" },
    el("caption", { class: "small muted" }, entries.length > MOST_LISTED ? `The first ${MOST_LISTED} of ${count(entries.length)} pictures` : plural(entries.length, "picture")),
    el("thead", null, el("tr", null, ["Picture", "Taken for", "Sure", "Then"].map((name) => el("th", { scope: "col" }, name)))), el("tbody", null, entries.slice(0, MOST_LISTED).map(row))));
}

/** @param {{path: string, reason: string}[]} list */
function skipped(list) {
  return list.length > 0 && el("details", { class: "small" }, el("summary", null, `${plural(list.length, "line")} left out`), el("ul", null, list.slice(0, MOST_LISTED).map(({ path, reason }) => el("li", null, el("code", null, path), `: ${reason}`))));
}
