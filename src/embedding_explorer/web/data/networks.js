// @ts-check
/** The networks that can make a dataset, and their layers. */
import { getJson } from "./api.js";

// Of each list; a choice of more is no choice, and any other can be named in a request.
const MOST = 1000;

/** @typedef {{value: string, name: string, layers: string}} Choice value: what uploads call it; layers: address of their list */

/**
 * @typedef {{registered: Choice[], open: Choice[]}} Networks
 * @returns {Promise<Networks>} the workspace's own, and the public ones
 */
export async function listNetworks() {
  const [own, open] = await Promise.all(["/v0.7/networks", "/v0.7/networks/public"].map((url) => getJson(`${url}?limit=${MOST}`)));
  return { registered: own.results.map(registered), open: open.results.map(published) };
}

/** @param {{id: number, name: string}} network @returns {Choice} */
function registered({ id, name }) {
  return { value: String(id), name: `${name} (${id})`, layers: `/v0.7/networks/${id}/layers` };
}

/** @param {{id: string}} network @returns {Choice} */
function published({ id }) {
  return { value: id, name: id, layers: `/v0.7/networks/public/${id}/layers` };
}

/** Names of its layers in the order in which they are computed. @param {Choice} network @param {AbortSignal} [signal] @returns {Promise<string[]>} */
export async function listLayers(network, signal) {
  const { results } = await getJson(`${network.layers}?limit=${MOST}`, { signal });
  return results.filter((/** @type {any} */ layer) => !layer.input).map((/** @type {any} */ layer) => layer.name);
}
