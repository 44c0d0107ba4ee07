// @ts-check
/** Opening a dataset: its data, the view, and what the address asks for. */
import { emptyAddress, formatAddress } from "../../core/address.js";
import { RowSet } from "../../core/selection.js";
import { nearestMap } from "../../core/series.js";
import { getJson, ServerError } from "../../data/api.js";
import { MapData } from "../../data/map_data.js";
import { browserStorage, SelectionShelf } from "../../data/selections.js";
import { getSeries } from "../../data/series.js";
import { plural, reducerName } from "../format.js";
import { bestReducer } from "./initial.js";
import { closeRow, openRow } from "./picking.js";
import { restoreColour } from "./colouring.js";
import { restoreComparison, stopComparing } from "./comparing.js";
import { setOverlay } from "./overlaying.js";
import { clearSearch, searchText } from "./searching.js";
import { startSeries, stopSeries } from "./series.js";

/** @typedef {import("./initial.js").App} App */

let opening = new AbortController();
/** What was asked for last. @type {{id: string|null, options: object}} */
let asked = { id: null, options: {} };

/**
 * Show a dataset.
 * @param {App} app
 * @param {string|null} id null for the main dataset
 * @param {{wanted?: import("../../core/address.js").Address, push?: boolean}} [options] push: a new entry of the history
 * @returns {Promise<boolean>} whether it is shown
 */
export async function openDataset(app, id, { wanted = emptyAddress(), push = false } = {}) {
  opening.abort();
  const { signal } = (opening = new AbortController());
  asked = { id, options: { wanted, push } };
  let left = false;
  app.store.set({ phase: "loading", failure: "" });
  try {
    const film = wanted.series ? await seriesAt(wanted, signal) : null;
    const data = await load(app, film?.dataset ?? id, wanted.reducer, signal);
    if (signal.aborted) return false;
    if (!data) return app.store.set({ phase: "empty", data: null, manifest: null }), false;
    if (push) pushAddress(data.manifest);
    leave(app);
    left = true;
    await enter(app, data, wanted, signal);
    if (film && !signal.aborted) startSeries(app, film.series, film.index);
    return !signal.aborted;
  } catch (error) {
    if (!signal.aborted) failed(app, /** @type {Error} */ (error), left);
    return false;
  }
}

/** Try again what was asked for last. @param {App} app */
export function retry(app) {
  return openDataset(app, asked.id, asked.options);
}

/** The dataset that was asked for last; null for the main one. */
export function lastAsked() {
  return asked.id;
}

/** The maps of a model's epochs, and the one to begin with. @param {import("../../core/address.js").Address} wanted @param {AbortSignal} signal */
async function seriesAt({ series: model, epoch }, signal) {
  const series = await getSeries(/** @type {string} */ (model), signal);
  const { maps } = series;
  const index = epoch === null ? maps.length - 1 : nearestMap(maps.map((map) => map.epoch), epoch);
  return { series, index, dataset: maps[index].dataset };
}

/** @param {any} manifest */
function pushAddress(manifest) {
  const text = formatAddress({ ...emptyAddress(), dataset: manifest.main ? null : manifest.id }, location.search);
  history.pushState(null, "", text || location.pathname);
}

/**
 * A server without a main dataset shows the newest one; null where there is none at all.
 * @param {App} app @param {string|null} id @param {string|null} wanted reducer @param {AbortSignal} signal
 */
async function load(app, id, wanted, signal) {
  const maps = await fetchMaps(app, signal);
  const map = id ? maps.find((each) => each.id === id) : (maps.find((each) => each.main) ?? maps[0]);
  if (!map && !id) return null;
  if (!map) throw new ServerError("There is no such dataset on this server. It may have been deleted.", { status: 404 });
  const reducer = [wanted, "umap", "pca", map.reducers[0]].find((name) => map.reducers.includes(name));
  if (!reducer) throw new ServerError("This dataset has no reduction, so it cannot be drawn as a map.");
  return MapData.open(map.id, { reducer, signal });
}

/** Forget what belonged to the dataset before. @param {App} app */
function leave(app) {
  closeRow(app);
  clearSearch(app);
  setOverlay(app, null);
  stopComparing(app);
  stopSeries(app);
  app.store.set({ clusters: { running: false, job: null, error: "" }, pointed: null });
}

/** @param {App} app @param {any} data @param {import("../../core/address.js").Address} wanted @param {AbortSignal} signal */
async function enter(app, data, wanted, signal) {
  const { manifest } = data;
  const reducer = bestReducer(manifest, wanted.reducer);
  await app.view.show(data, reducer);
  if (signal.aborted) return;
  app.flags = new Uint8Array(data.total).fill(1);
  app.shelf = new SelectionShelf(browserStorage(), manifest.id);
  app.store.set({
    data, manifest, reducer, mode: wanted.mode, tool: wanted.tool, selection: new RowSet(data.total),
    shelf: app.shelf.list, column: null, classes: [], hidden: new Set(), range: null, colour: "none", visible: data.total,
  });
  app.view.setMode(wanted.mode, { animate: false });
  if (wanted.camera) app.view.camera = wanted.camera;
  else app.view.flyTo("home", { animate: false });
  app.view.setTool(wanted.tool);
  setSize(app, wanted.size ?? app.store.state.size);
  await restoreColour(app, wanted);
  if (signal.aborted) return;
  app.store.set({ phase: "ready", camera: app.view.camera, mode: app.view.mode });
  document.title = `${manifest.name} – Embedding Explorer`;
  app.announce(`${plural(data.total, "image")} of ${manifest.name}, ${reducerName(reducer)}`);
  restoreRest(app, wanted);
}

/** Draw the pictures larger or smaller. @param {App} app @param {number} size factor */
export function setSize(app, size) {
  app.view.size = size;
  app.store.set({ size });
}

/** What may come after the first picture. @param {App} app @param {import("../../core/address.js").Address} wanted */
function restoreRest(app, wanted) {
  const { data } = app.store.state;
  if (wanted.q) searchText(app, wanted.q);
  if (wanted.compare) restoreComparison(app, wanted);
  else if (wanted.overlay) setOverlay(app, wanted.overlay);
  if (wanted.row !== null && wanted.row < data.total) openRow(app, wanted.row, { fly: !wanted.camera });
}

/** @param {App} app @param {Error} error @param {boolean} left whether the map before is given up */
function failed(app, error, left) {
  const expected = error instanceof ServerError;
  if (!expected) reportError(error);
  const failure = expected ? error.message : `The map could not be drawn: ${error.message}`;
  if (left || !app.store.state.data) return app.store.set({ phase: "failed", failure });
  app.store.set({ phase: "ready" });
  app.toasts.show(failure, { level: "error", action: { label: "Try again", run: () => retry(app) }, testid: "open-failed" });
}

/** The list of datasets and the limits of an upload. @param {App} app @param {AbortSignal} [signal] @returns {Promise<any[]>} */
async function fetchMaps(app, signal) {
  const { maps, limits } = await getJson("/maps", { cache: "no-store", signal });
  app.store.set({ maps, limits });
  return maps;
}

/** Fetch the list of datasets again. @param {App} app */
export async function refreshMaps(app) {
  try {
    await fetchMaps(app);
  } catch (error) {
    app.toasts.show(/** @type {Error} */ (error).message, { level: "error" });
  }
}

/** Fetch the manifest again: its name, whether it is main and its columns can change. @param {App} app */
export async function refreshManifest(app) {
  const { data } = app.store.state;
  if (!data) return;
  await data.refresh();
  if (app.store.state.data === data) app.store.set({ manifest: data.manifest });
}
