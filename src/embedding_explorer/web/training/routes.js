// @ts-check
/** Addresses of the training pages. Pure. */

/** @typedef {{page: string, facts: Record<string, string>}} Found */

const ID = "(\\d{8}-\\d{6}-[0-9a-f]{4})";
const EXTENSION = "([a-z0-9-]+)";

/** Pattern → module in pages/, names of its groups, fixed facts. @type {[string, string, string[], Record<string, string>?][]} */
const ROUTES = [
  ["/training", "home", []],
  ["/login", "login", []],
  ["/datasets/images/classification/new", "dataset_new", []],
  [`/datasets/generic/new/${EXTENSION}`, "generic_new", ["extension"]],
  [`/datasets/${ID}`, "dataset", ["id"]],
  ["/datasets/images/classification/explore", "explore", []],
  ["/datasets/generic/explore", "explore", []],
  ["/models/images/classification/new", "model_new", [], { kind: "classification" }],
  ["/models/images/generic/new", "model_new", [], { kind: "generic" }],
  [`/models/images/generic/new/${EXTENSION}`, "model_new", ["extension"], { kind: "generic" }],
  ["/models/images/(?:classification|generic)/large_graph", "large_graph", []],
  [`/models/${ID}`, "model", ["id"]],
  [`/pretrained_models/${ID}`, "pretrained", ["id"]],
  ["/store/list", "store", []],
];

// The forms lie at `/training?new=…` as well: the addresses of the contract send those who have no name to the login
// first, and a first visitor should see what there is to fill in before being asked.
const NEW = {
  "dataset": { page: "dataset_new", facts: {} },
  "generic-dataset": { page: "generic_new", facts: {} },
  "model": { page: "model_new", facts: { kind: "classification" } },
  "generic-model": { page: "model_new", facts: { kind: "generic" } },
};

/**
 * @param {string} path
 * @param {URLSearchParams} [query]
 * @returns {Found|null}
 */
export function route(path, query = new URLSearchParams()) {
  const wanted = query.get("new") ?? "";
  if (/^\/training\/?$/.test(path) && Object.hasOwn(NEW, wanted)) return { page: NEW[wanted].page, facts: { extension: query.get("extension") ?? "", ...NEW[wanted].facts } };
  for (const [pattern, page, names, fixed] of ROUTES) {
    const match = new RegExp(`^${pattern}/?$`).exec(path);
    if (match) return { page, facts: { ...fixed, ...Object.fromEntries(names.map((name, index) => [name, match[index + 1]])) } };
  }
  return null;
}

/**
 * The address of a form.
 * @param {"dataset"|"generic-dataset"|"model"|"generic-model"} what
 * @param {Record<string, string>} [more]
 */
export function newAddress(what, more = {}) {
  return `/training?${new URLSearchParams({ new: what, ...more })}`;
}
