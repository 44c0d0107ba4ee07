// @ts-check
/** The networks that uploads can choose from; each list is fetched when somebody wants to choose. */
import { listLayers, listNetworks } from "../../data/networks.js";

/** @typedef {import("./initial.js").App} App */

/** @type {Map<string, Promise<string[]>>} */
const layers = new Map();

/** Fetch the networks; what was registered meanwhile is seen the next time. @param {App} app @returns {Promise<void>} */
export async function loadNetworks(app) {
  app.store.set({ networks: await listNetworks() });
  app.store.flush();
}

/** @param {App} app @param {string|null|undefined} value */
export function networkOf(app, value) {
  const { networks } = app.store.state;
  return networks && [...networks.registered, ...networks.open].find((network) => network.value === value);
}

/** Names of the layers of a network, none where none is chosen. @param {App} app @param {string|null|undefined} value @returns {Promise<string[]>} */
export async function layersOf(app, value) {
  const network = networkOf(app, value);
  if (!network) return [];
  const known = layers.get(network.layers) ?? listLayers(network);
  layers.set(network.layers, known);
  known.catch(() => layers.delete(network.layers));
  return known;
}
