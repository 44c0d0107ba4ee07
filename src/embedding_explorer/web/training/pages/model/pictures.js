// @ts-check
/** The pictures of a list, for the browser: from the dataset's own store, where the list is one of its sets. */
import { el } from "../../../ui/dom.js";
import { basename, count } from "../../../ui/format.js";
import { get } from "../../data/api.js";
import { addressOf, linesOf } from "../../data/lists.js";

const SHOWN = 60; // pictures of a cell
const PAGE = 500; // the most that the server gives at once

/**
 * @param {{dataset: any, db: string|null, paths: string[], jobsDir: string}} facts
 * @returns {(cell: {path: string, confidence: number}[], label: number) => Promise<HTMLElement>}
 */
export function pictureFinder({ dataset, db, paths, jobsDir }) {
  const lines = linesOf(paths);
  return async (cell, label) => {
    const wanted = cell.slice(0, SHOWN);
    const stored = db && dataset ? await inStore(dataset.id, db, label, new Set(wanted.map(({ path }) => lines.get(path)))) : new Map();
    const item = (/** @type {{path: string, confidence: number}} */ { path, confidence }) => {
      const source = stored.get(lines.get(path)) ?? addressOf(path, jobsDir);
      return el("li", { title: path }, source ? el("img", { src: source, alt: basename(path), class: "pixels", loading: "lazy" }) : el("span", { class: "no-picture small" }, basename(path)), el("span", { class: "small muted" }, `${confidence.toFixed(1)} %`));
    };
    const more = cell.length > SHOWN && el("p", { class: "small muted" }, `The ${SHOWN} most confident of ${count(cell.length)}`);
    return el("div", { class: "stack" }, el("ul", { class: "pictures", testid: "cell-pictures" }, wanted.map(item)), more);
  };
}

/**
 * Pictures of one class in a set, by their line in the set's list.
 * @param {string} id @param {string} db @param {number} label @param {Set<number|undefined>} wanted lines
 * @returns {Promise<Map<number, string>>} line → data URI
 */
async function inStore(id, db, label, wanted) {
  const found = new Map();
  for (let page = 0; found.size < wanted.size; page += 1) {
    const query = new URLSearchParams({ job_id: id, db, label: String(label), page: String(page), size: String(PAGE) });
    const { images } = await get(`/datasets/images/classification/explore.json?${query}`);
    for (const { line, image } of images) if (wanted.has(line)) found.set(line, image);
    if (images.length < PAGE) break;
  }
  return found;
}
