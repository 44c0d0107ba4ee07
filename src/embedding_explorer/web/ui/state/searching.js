// @ts-check
/** Search by file name and by picture. */
import { getJson, request, ServerError } from "../../data/api.js";
import { plural } from "../format.js";

const LIMIT = 1000; // matches that are listed and marked
const NEAREST = 24;

/** @typedef {import("./initial.js").App} App */

let asking = new AbortController();

/** @param {App} app @param {string} text */
export async function searchText(app, text) {
  const wanted = text.trim();
  if (!wanted) return clearSearch(app);
  const url = `${app.store.state.manifest.search}?${new URLSearchParams({ q: wanted, limit: String(LIMIT) })}`;
  await search(app, { kind: "text", text }, (signal) => getJson(url, { signal }));
}

/** @param {App} app @param {File} file */
export async function searchPicture(app, file) {
  const { manifest } = app.store.state;
  if (!manifest) return;
  const form = new FormData();
  form.append("file", file, file.name);
  const picture = URL.createObjectURL(file);
  await search(app, { kind: "picture", text: file.name, picture }, async (signal) => {
    const response = await request(`${manifest.search}?k=${NEAREST}`, { method: "POST", body: form, signal });
    const { neighbors, coordinates } = await response.json();
    return { rows: neighbors, total: neighbors.length, coordinates };
  });
}

/** @param {App} app @param {object} asked @param {(signal: AbortSignal) => Promise<any>} ask */
async function search(app, asked, ask) {
  asking.abort();
  const { signal } = (asking = new AbortController());
  release(app);
  const state = { running: true, total: 0, rows: [], error: "", ...asked };
  app.store.set({ search: /** @type {any} */ (state) });
  try {
    const found = await ask(signal);
    if (signal.aborted) return;
    app.store.set({ search: /** @type {any} */ ({ ...state, ...found, running: false }) });
    app.announce(`${plural(found.total, "image")} found`);
  } catch (error) {
    if (signal.aborted) return;
    const text = error instanceof ServerError ? words(error) : String(error);
    app.store.set({ search: /** @type {any} */ ({ ...state, running: false, error: text }) });
  }
}

/** @param {ServerError} error */
function words(error) {
  return error.busy ? "The server works on something else right now, so it cannot look at a picture. Try again when it is done." : error.message;
}

/** @param {App} app */
export function clearSearch(app) {
  asking.abort();
  release(app);
  app.store.set({ search: null });
}

/** @param {App} app */
function release(app) {
  const { search: old } = app.store.state;
  if (old?.picture) URL.revokeObjectURL(old.picture);
}
