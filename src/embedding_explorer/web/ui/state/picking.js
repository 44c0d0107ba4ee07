// @ts-check
/** The image that is looked at: its facts, its neighbours, and walking on from it. */
import { fill, getJson, ServerError } from "../../data/api.js";

export const NEIGHBOURS = 20;

/** @typedef {import("./initial.js").App} App */

let asking = new AbortController();

/**
 * Look at an image.
 * @param {App} app
 * @param {number} row
 * @param {{layer?: number, list?: {rows: number[], label: string}|null, fly?: boolean}} [options] list: what the arrow
 *   keys walk through; fly: bring it to the middle of the map
 */
export function openRow(app, row, { layer = 0, list = null, fly = false } = {}) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  const picked = { row, layer, info: null, neighbours: null, error: "", neighboursError: "", list };
  app.store.set({ picked, pointed: null });
  if (fly) app.view.flyTo({ row, layer });
  const manifest = manifestOf(app, layer);
  if (!manifest) return;
  const take = (part) => !signal.aborted && change(app, part);
  const failed = (key) => (error) => take({ [key]: error instanceof ServerError ? error.message : String(error) });
  getJson(fill(manifest.rows, { n: row }), { signal }).then((info) => take({ info }), failed("error"));
  if (!manifest.features) return take({ neighboursError: "This dataset has no features, so images like this one cannot be found." });
  getJson(`${fill(manifest.neighbors, { n: row })}?k=${NEIGHBOURS}`, { signal })
    .then((answer) => take({ neighbours: answer.neighbors.filter((each) => each.index !== row) }), failed("neighboursError"));
}

/** @param {App} app @param {object} part */
function change(app, part) {
  const { picked } = app.store.state;
  if (picked) app.store.set({ picked: { ...picked, ...part } });
}

/** The manifest that a row of a layer belongs to. @param {App} app @param {number} layer */
export function manifestOf(app, layer) {
  const { manifest, overlay } = app.store.state;
  return layer === 1 ? overlay?.data?.manifest : manifest;
}

/** Look at nothing any more. @param {App} app */
export function closeRow(app) {
  asking.abort();
  app.store.set({ picked: null, pointed: null });
}

/** Go to the next or the previous image of the list one came by. @param {App} app @param {1|-1} direction @returns {boolean} */
export function stepRow(app, direction) {
  const { picked } = app.store.state;
  if (!picked) return false;
  const list = picked.list ?? neighbourList(picked);
  if (!list) return false;
  const at = list.rows.indexOf(picked.row);
  const next = list.rows[at + direction];
  if (next === undefined) return false;
  openRow(app, next, { layer: picked.layer, list, fly: true });
  return true;
}

/** Without another list one walks through the neighbours of where one began. @param {import("./initial.js").Picked} picked */
export function neighbourList(picked) {
  if (!picked.neighbours?.length) return null;
  return { rows: [picked.row, ...picked.neighbours.map((each) => each.index)], label: "neighbours" };
}
