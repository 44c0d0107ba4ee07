// @ts-check
/** Maps of a model's epochs, and the curves of its training. */
import { getJson, ServerError } from "./api.js";

/** @typedef {{model: string, name: string, maps: {epoch: number, dataset: string}[]}} SeriesOfMaps */

/** @param {string} model id @param {AbortSignal} [signal] @returns {Promise<SeriesOfMaps>} the newest series @throws {ServerError} */
export async function getSeries(model, signal) {
  const found = await getJson(`/models/${model}/maps.json`, { cache: "no-store", signal }).catch((error) => {
    throw error instanceof ServerError && error.status === 404 ? new ServerError("There is no such model on this server, and no maps of its epochs.", { status: 404 }) : error;
  });
  if (!found.maps.length) throw new ServerError("No maps were made of this model's epochs yet. Make them on the model's page, or by POST /models/<id>/maps.json.");
  return { model, name: found.name ?? "Deleted model", maps: found.maps };
}

/** What the training reported; null where that is gone. @param {string} model id */
export async function getCurves(model) {
  try {
    return (await getJson(`/models/${model}/graph.json`, { cache: "no-store" })).combined_graph;
  } catch {
    return null; // the maps are worth looking at without it
  }
}
