// @ts-check
/** Another dataset drawn over the main map. */
import { ServerError } from "../../data/api.js";
import { MapData } from "../../data/map_data.js";
import { plural } from "../format.js";

/** @typedef {import("./initial.js").App} App */

let turn = 0;

/**
 * Draw a dataset over this one; null for none.
 * @param {App} app
 * @param {string|null} id
 */
export async function setOverlay(app, id) {
  const mine = (turn += 1);
  const { maps, reducer } = app.store.state;
  if (!id) return remove(app);
  const name = maps?.find((map) => map.id === id)?.name ?? "dataset";
  const overlay = { id, name, data: null, shown: true, running: true, error: "" };
  app.store.set({ overlay });
  try {
    const data = await MapData.open(id, { reducer });
    await app.view.setOverlay(data, reducer);
    if (mine !== turn) return;
    app.store.set({ overlay: { ...overlay, name: data.manifest.name, data, running: false } });
    app.announce(`${plural(data.total, "image")} of ${data.manifest.name} drawn over the map`);
  } catch (error) {
    if (mine !== turn) return;
    app.view.setOverlay(null, reducer);
    app.store.set({ overlay: { ...overlay, running: false, error: words(/** @type {Error} */ (error), name) } });
  }
}

/** Take the overlay away; also where the view has done so already. @param {App} app */
export function remove(app) {
  const { overlay, picked } = app.store.state;
  if (!overlay) return;
  app.view.setOverlay(null, app.store.state.reducer);
  app.store.set({ overlay: null, picked: ofMap(picked) });
}

/** Hide or show it without fetching anything. @param {App} app @param {boolean} shown */
export async function showOverlay(app, shown) {
  const { overlay, reducer, picked } = app.store.state;
  if (!overlay?.data) return;
  app.store.set({ overlay: { ...overlay, shown }, picked: shown ? picked : ofMap(picked) });
  const mine = (turn += 1);
  try {
    await app.view.setOverlay(shown ? overlay.data : null, reducer);
  } catch (error) {
    if (mine === turn) app.store.set({ overlay: { ...overlay, data: null, error: words(/** @type {Error} */ (error), overlay.name) } });
  }
}

/** What is looked at, unless it belongs to the overlay. @param {import("./initial.js").Picked|null} picked */
function ofMap(picked) {
  return picked?.layer === 1 ? null : picked;
}

/** @param {Error} error @param {string} name */
function words(error, name) {
  if (!(error instanceof ServerError)) return `“${name}” cannot be drawn over the map: ${error.message}`;
  if (error.busy) return "The server works on something else right now. Try again when it is done.";
  if (error.status === 409) return `“${name}” cannot be drawn here. Two datasets share a map only when the same network and layer made both. ${error.message}`;
  return error.message;
}
