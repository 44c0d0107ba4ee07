// @ts-check
/** The address bar says what is shown; going back and forth shows it again. */
import { formatAddress, parseAddress } from "../../core/address.js";
import { debounced } from "../dom.js";
import { defaultColour } from "./colouring.js";
import { bestReducer } from "./initial.js";
import { toLists } from "./legend_model.js";
import { openDataset } from "./open.js";

const CALM = 250; // ms; browsers refuse more than about a hundred changes in ten seconds

/** @typedef {import("./initial.js").App} App */

/** @param {App} app */
export function syncAddress(app) {
  const write = debounced(() => {
    if (app.store.state.phase !== "ready") return;
    const text = formatAddress(addressOf(app.store.state), location.search);
    if (text !== location.search) history.replaceState(history.state, "", text || location.pathname);
  }, CALM);
  const keys = ["phase", "manifest", "reducer", "mode", "tool", "camera", "colour", "hidden", "range", "picked", "overlay", "search", "size", "compare", "glide", "other", "series", "moment"];
  app.store.on(/** @type {any} */ (keys), write);
  app.view.addEventListener("rest", () => app.store.set({ camera: app.view.camera }));
  window.addEventListener("popstate", () => revisit(app));
}

/** @param {App} app */
function revisit(app) {
  const wanted = parseAddress(location.search);
  openDataset(app, wanted.dataset, { wanted });
}

/**
 * The address of the present view.
 * @param {import("./initial.js").State} state
 * @returns {import("../../core/address.js").Address}
 */
export function addressOf(state) {
  const { manifest, reducer, mode, tool, camera, colour, classes, hidden, range, picked, overlay, search, size, compare, glide, other, series, moment } = state;
  return {
    dataset: manifest.main ? null : manifest.id,
    reducer: reducer === bestReducer(manifest) ? null : reducer,
    mode, tool, camera, range, size,
    colour: colour === defaultColour(manifest) ? null : colour,
    ...toLists(classes, hidden),
    row: picked && picked.layer === 0 ? picked.row : null,
    overlay: overlay && !overlay.error ? overlay.id : null,
    compare: compare && !compare.error ? compare.id : null,
    how: compare?.how ?? "side", linked: compare?.linked ?? false, glide, other,
    series: series?.model ?? null,
    epoch: series ? series.maps[Math.round(moment)].epoch : null,
    q: search?.kind === "text" ? search.text.trim() : null,
  };
}

/** A link to the present view with an image opened; it stays right when another dataset becomes the main one. @param {App} app @param {number} row */
export function linkTo(app, row) {
  const { state } = app.store;
  const address = { ...addressOf(state), dataset: state.manifest.id, series: null, epoch: null, row, q: null };
  return location.origin + location.pathname + formatAddress(address);
}
