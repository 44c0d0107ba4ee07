// @ts-check
/** What the server knows of two datasets of the same pictures. */
import { getBytes, getJson } from "./api.js";

/**
 * @typedef {{a: number|null, b: number|null, a_by_b: number|null, b_by_a: number|null}} Scores
 * @typedef {{matched: number, sample: number, k: number, overlap: number, by_chance: number, trustworthiness: Scores, continuity: Scores}} Agreement
 */

/** @param {string} a id @param {string} b id @param {number} total images of a @returns {Promise<Uint32Array>} row of b for each row of a */
export async function getMatches(a, b, total) {
  const bytes = await getBytes(`/maps/${a}/matches/${b}`);
  return new Uint32Array(whole(bytes, total));
}

/** @param {string} a id @param {string} b id @returns {Promise<Agreement>} */
export function getAgreement(a, b) {
  return getJson(`/maps/${a}/agreement/${b}`);
}

/** @param {string} a id @param {string} b id @param {number} total images of a @returns {Promise<Float32Array>} share of common neighbours; NaN where it was not measured */
export async function getOverlap(a, b, total) {
  const bytes = await getBytes(`/maps/${a}/agreement/${b}/overlap`);
  return new Float32Array(whole(bytes, total));
}

/** @param {ArrayBuffer} bytes @param {number} total */
function whole(bytes, total) {
  if (bytes.byteLength !== 4 * total) throw new Error("The comparison has arrived incomplete: reload the page.");
  return bytes;
}
