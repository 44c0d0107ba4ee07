// @ts-check
/** Two datasets of the same pictures, seen together: which, how, and how far they agree. */
import { inverseMatches } from "../../core/matching.js";
import { ServerError } from "../../data/api.js";
import { getAgreement, getMatches, getOverlap } from "../../data/comparison.js";
import { MapData } from "../../data/map_data.js";
import { colourBy, defaultColour } from "./colouring.js";
import { setOverlay } from "./overlaying.js";
import { stopSeries } from "./series.js";

/** The column that a comparison adds: shared neighbours of each image. */
export const AGREEMENT = "agreement";

/** @typedef {import("./initial.js").App} App */
/** @typedef {import("./initial.js").Compare} Compare */

let turn = 0;

/**
 * Compare the open map with another dataset.
 * @param {App} app
 * @param {string} id
 * @param {{how?: "side"|"morph", linked?: boolean, glide?: number, other?: string|null}} [options]
 * @returns {Promise<boolean>} whether both are there
 */
export async function compareWith(app, id, { how = "side", linked = false, glide = 0, other = null } = {}) {
  stopComparing(app);
  stopSeries(app);
  setOverlay(app, null);
  const mine = (turn += 1);
  const { maps, data: own } = app.store.state;
  const name = maps?.find((map) => map.id === id)?.name ?? "dataset";
  const compare = { id, name, how, linked, running: true, error: "", data: null, matches: new Uint32Array(0), back: new Uint32Array(0), figures: null, figuresError: "" };
  app.store.set({ compare, glide, other });
  try {
    const [data, matches] = await Promise.all([MapData.open(id), getMatches(own.id, id, own.total)]);
    if (mine !== turn) return false;
    change(app, { name: data.manifest.name, data, matches, back: inverseMatches(matches, data.total), running: false });
    measure(app, mine, own);
    return true;
  } catch (error) {
    if (mine === turn) change(app, { running: false, error: words(/** @type {Error} */ (error)) });
    return false;
  }
}

/** The figures may take some seconds; the maps do not wait for them. @param {App} app @param {number} mine @param {any} own */
async function measure(app, mine, own) {
  const { id, name } = /** @type {Compare} */ (app.store.state.compare);
  try {
    const figures = await getAgreement(own.id, id);
    const values = await getOverlap(own.id, id, own.total);
    if (mine !== turn) return;
    own.addColumn({ name: AGREEMENT, title: `agreement with ${name}`, kind: "number", type: "f32", range: [0, largest(values)] }, values);
    app.store.set({ manifest: own.manifest });
    change(app, { figures });
    if (wantedColour === AGREEMENT) colourBy(app, AGREEMENT);
  } catch (error) {
    if (mine === turn) change(app, { figuresError: words(/** @type {Error} */ (error)) });
  } finally {
    if (mine === turn) wantedColour = null;
  }
}

/** @param {Float32Array} values NaN where not known */
function largest(values) {
  return values.reduce((most, value) => (value > most ? value : most), 0) || 1;
}

/** A colour that an address asks for and that is only known once it was measured. @type {string|null} */
let wantedColour = null;

/** As an address has it. @param {App} app @param {import("../../core/address.js").Address} wanted */
export function restoreComparison(app, wanted) {
  const { compare, how, linked, glide, other, colour } = wanted;
  if (!compare) return;
  const done = compareWith(app, compare, { how, linked, glide: glide ?? 0, other });
  wantedColour = colour;
  done.catch(reportError);
}

/** Change what is compared in which way. @param {App} app @param {Partial<Compare>} part */
export function change(app, part) {
  const { compare } = app.store.state;
  if (compare) app.store.set({ compare: { ...compare, ...part } });
}

/** See one map alone again. @param {App} app */
export function stopComparing(app) {
  turn += 1;
  wantedColour = null;
  const { compare, data, colour, manifest } = app.store.state;
  if (!compare) return;
  if (colour === AGREEMENT) colourBy(app, defaultColour(manifest));
  data?.removeColumn(AGREEMENT);
  app.store.set({ compare: null, glide: 0, fade: "none", hovered: null, other: null, manifest: data?.manifest ?? manifest });
}

/** @param {Error} error */
function words(error) {
  return error instanceof ServerError ? error.message : `The comparison failed: ${error.message}`;
}
