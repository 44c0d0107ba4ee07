// @ts-check
/** The figures of a comparison in words. Pure. */
import { count } from "../format.js";

/** @typedef {import("../../data/comparison.js").Agreement} Agreement */

/** A share of 1. @param {number} share */
export function percent(share) {
  const value = 100 * share;
  return `${value.toFixed(value >= 10 || value === 0 ? 0 : 1)}\u00a0%`; // never broken between the two
}

/**
 * @param {Agreement} figures
 * @returns {{name: string, value: string, title: string, key: string}[]} key: where it stands in the server's answer
 */
export function agreementFigures({ overlap, k, trustworthiness }) {
  const trust = (/** @type {string} */ key, /** @type {number|null} */ value, /** @type {string} */ name, /** @type {string} */ title) => ({ key, name, value: value === null ? "–" : value.toFixed(3), title });
  return [
    { key: "overlap", name: "shared neighbours", value: percent(overlap), title: `Share of the ${k} nearest images of an image that are the same through both networks` },
    trust("a", trustworthiness.a, "trust in A", "Trustworthiness: whether neighbours on map A are neighbours by the features of A (1: all of them)"),
    trust("b", trustworthiness.b, "trust in B", "Trustworthiness: whether neighbours on map B are neighbours by the features of B (1: all of them)"),
    trust("b_by_a", trustworthiness.b_by_a, "B judged by A", "Trustworthiness: whether neighbours on map B are neighbours by the features of A (1: all of them)"),
  ];
}

/** One line that explains them. @param {Agreement} figures @returns {string} */
export function explanation({ k, by_chance: chance, matched, sample }) {
  const among = sample < matched ? `measured on ${count(sample)} of ${count(matched)} common images` : `${count(matched)} common images`;
  return `Of an image’s ${k} nearest so many are the same in both: ${percent(chance)} by chance; ${among}. Trust is 1 where neighbours on a map are neighbours by the features.`;
}
