// @ts-check
/** The whole view as a query string, so that a link shows what its writer saw. Pure functions. */

/**
 * @typedef {object} Address
 * @property {string|null} dataset id, null for the main dataset
 * @property {string|null} reducer null for the best there is
 * @property {"3d"|"2d"} mode
 * @property {"orbit"|"box"|"lasso"} tool
 * @property {string|null} camera
 * @property {string|null} colour column, "none" or "selections"; null for the dataset's default
 * @property {number[]|null} only classes that are shown, all others hidden
 * @property {number[]|null} hide classes that are hidden
 * @property {[number, number]|null} range of a numeric column
 * @property {number|null} row the image that is looked at
 * @property {number|null} size factor of the pictures' size; null for 1
 * @property {string|null} overlay id of the dataset drawn over this one
 * @property {string|null} compare id of the dataset that this one is compared with
 * @property {"side"|"morph"} how beside it, or with images that glide from one to the other
 * @property {number|null} glide how far they have come, 0 to 1; null for 0
 * @property {boolean} linked one camera for both
 * @property {string|null} other camera of the other map
 * @property {string|null} series id of the model whose epochs are shown one after another, in place of a dataset
 * @property {number|null} epoch the one that is shown; null for the last
 * @property {string|null} q search text
 */

// Bounds of what a link may ask for: links come from strangers.
export const MAX_TEXT = 200;
export const MAX_CLASSES = 65_535;
export const MAX_SPANS_LENGTH = 1500;
export const MIN_SIZE = 0.25;
export const MAX_SIZE = 4;
const ID = /^[0-9a-f]{32}$/;
const MODEL = /^\d{8}-\d{6}-[0-9a-f]{4}$/;
const NAME = /^[a-z][a-z0-9_-]{0,63}$/i;
const CAMERA = /^[\w.,:;~()-]{1,200}$/;
/** Parameters that are not the view's own but stay in the address. */
export const KEPT = ["quality", "seed"];

/** @returns {Address} */
export function emptyAddress() {
  return {
    dataset: null, reducer: null, mode: "3d", tool: "orbit", camera: null, colour: null,
    only: null, hide: null, range: null, size: null, row: null, overlay: null,
    compare: null, how: "side", glide: null, linked: false, other: null, series: null, epoch: null, q: null,
  };
}

/**
 * The view that a query string asks for; what cannot be used is left out.
 * @param {string} search
 * @returns {Address}
 */
export function parseAddress(search) {
  const query = new URLSearchParams(search);
  const matching = (name, pattern) => (pattern.test(query.get(name) ?? "") ? query.get(name) : null);
  const tool = matching("tool", /^(box|lasso)$/);
  return {
    dataset: matching("dataset", ID),
    reducer: matching("reducer", NAME),
    mode: query.get("mode") === "2d" ? "2d" : "3d",
    tool: tool === "box" || tool === "lasso" ? tool : "orbit",
    camera: matching("camera", CAMERA),
    colour: matching("colour", NAME),
    only: parseSpans(query.get("only")),
    hide: query.has("only") ? null : parseSpans(query.get("hide")),
    range: parseRange(query.get("range")),
    size: parseSize(query.get("size")),
    row: /^\d{1,12}$/.test(query.get("row") ?? "") ? Number(query.get("row")) : null,
    overlay: matching("overlay", ID),
    ...parseComparison(query, matching),
    ...parseSeries(query, matching),
    q: (query.get("q") ?? "").slice(0, MAX_TEXT) || null,
  };
}

/**
 * The query string of a view, without what is the default; "" or "?…".
 * @param {Address} address
 * @param {string} [present] the query string now, whose `quality` and `seed` stay
 * @returns {string}
 */
export function formatAddress(address, present = "") {
  const query = new URLSearchParams();
  const add = (name, value) => value !== null && value !== "" && query.set(name, String(value));
  if (address.series) {
    add("series", address.series);
    add("epoch", address.epoch === null ? null : short(address.epoch));
  } else add("dataset", address.dataset);
  add("reducer", address.reducer);
  add("mode", address.mode === "2d" ? "2d" : null);
  add("colour", address.colour);
  add("only", formatSpans(address.only));
  add("hide", formatSpans(address.hide));
  add("range", address.range && address.range.map(short).join("~"));
  add("size", address.size === 1 ? null : address.size && short(address.size));
  add("row", address.row);
  add("overlay", address.overlay);
  addComparison(add, address);
  add("q", address.q);
  add("tool", address.tool === "orbit" ? null : address.tool);
  add("camera", address.camera);
  const old = new URLSearchParams(present);
  for (const name of KEPT) add(name, old.get(name));
  // Commas and tildes are legal in a query and much easier to read than their escapes.
  const text = query.toString().replace(/%2C/g, ",").replace(/%7E/g, "~").replace(/%3A/g, ":").replace(/%3B/g, ";");
  return text && `?${text}`;
}

/** @param {URLSearchParams} query @param {(name: string, pattern: RegExp) => string|null} matching */
function parseComparison(query, matching) {
  const compare = matching("compare", ID);
  const how = /** @type {"side"|"morph"} */ (compare && query.get("how") === "morph" ? "morph" : "side");
  const glide = compare && /^(0?\.\d{1,4}|1)$/.test(query.get("glide") ?? "") ? Number(query.get("glide")) : null;
  return { compare, how, glide, linked: compare !== null && query.get("linked") === "1", other: compare && matching("other", CAMERA) };
}

/** @param {URLSearchParams} query @param {(name: string, pattern: RegExp) => string|null} matching */
function parseSeries(query, matching) {
  const series = matching("series", MODEL);
  return { series, epoch: series && /^\d{1,9}(\.\d{1,6})?$/.test(query.get("epoch") ?? "") ? Number(query.get("epoch")) : null };
}

/** @param {(name: string, value: any) => void} add @param {Address} address */
function addComparison(add, { compare, how, glide, linked, other }) {
  if (!compare) return;
  add("compare", compare);
  add("how", how === "morph" ? how : null);
  add("glide", glide ? short(Math.round(glide * 1e4) / 1e4) : null);
  add("linked", linked ? 1 : null);
  add("other", linked ? null : other);
}

/**
 * Ascending class numbers as spans: [0, 1, 2, 7] is "0-2,7". Too long a list is not written at all.
 * @param {number[]|null} numbers
 * @returns {string|null}
 */
export function formatSpans(numbers) {
  if (!numbers || numbers.length === 0) return null;
  const spans = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else spans.push([number, number]);
  }
  const text = spans.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
  return text.length > MAX_SPANS_LENGTH ? null : text;
}

/** @param {string|null} text @returns {number[]|null} */
export function parseSpans(text) {
  if (!text || text.length > MAX_SPANS_LENGTH || !/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(text)) return null;
  const numbers = new Set();
  for (const span of text.split(",")) {
    const [from, to = from] = span.split("-").map(Number);
    for (let number = from; number <= Math.min(to, MAX_CLASSES); number += 1) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

/** @param {string|null} text @returns {[number, number]|null} */
function parseRange(text) {
  const [low, high, ...rest] = (text ?? "").split("~").map((part) => (part === "" ? NaN : Number(part)));
  const fits = rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low <= high;
  return fits ? [low, high] : null;
}

/** @param {string|null} text @returns {number|null} */
function parseSize(text) {
  const size = Number(text ?? "");
  return size >= MIN_SIZE && size <= MAX_SIZE ? size : null;
}

/** @param {number} value */
function short(value) {
  return Number(value.toPrecision(6));
}
