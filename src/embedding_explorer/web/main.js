// @ts-check
/** Composition: reads the address, makes everything, wires it. */
import { parseAddress } from "./core/address.js";
import { fillIn } from "./ui/dom.js";
import { note } from "./ui/parts/controls.js";
import { Toasts } from "./ui/parts/toasts.js";
import { wirePage } from "./ui/page.js";
import { openDataset } from "./ui/state/open.js";
import { initialState } from "./ui/state/initial.js";
import { Store } from "./ui/state/store.js";
import { watchServer } from "./ui/state/watch.js";
import { MapView } from "./view/map_view.js";

const query = new URLSearchParams(location.search);
const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("map"));

async function start() {
  const options = {
    quality: /** @type {any} */ (query.get("quality") ?? "auto"),
    seed: Number(query.get("seed") ?? 1),
    reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches,
  };
  const view = await MapView.create(canvas, options);
  const toasts = new Toasts();
  const announcer = /** @type {HTMLElement} */ (document.getElementById("announcer"));
  const app = { store: new Store(initialState()), view, toasts, flags: new Uint8Array(0), shelf: null, twin: null, options, announce: (text) => fillIn(announcer, text) };
  Object.assign(window.explorer, { view, stats: () => view.stats(), store: app.store, second: () => app.twin?.view ?? null });
  wirePage(app);
  watchServer(app);
  const wanted = parseAddress(location.search);
  await openDataset(app, wanted.dataset, { wanted });
}

/** Even the page's own mistakes are told in the place of the map. @param {Error} error */
function unusable(error) {
  fillIn(/** @type {Element} */ (document.getElementById("dock")), note(`The page could not start: ${error.message}. Reload it; if that does not help, this browser is too old for it.`, "error"));
  throw error;
}

window.explorer = { ready: Promise.resolve(), stats: () => ({}), view: null, store: null, second: () => null };
window.explorer.ready = start().catch(unusable);
