// @ts-check
/** Which network, and which of its layers, turns the pictures of an upload into features. Folded away: the server knows a good one. */
import { el, fillIn, setText, show, uniqueId } from "../dom.js";
import { field } from "../parts/controls.js";
import { layersOf, loadNetworks, networkOf } from "../state/networks.js";
import { setOptions } from "../state/work.js";

const POOLING = { "": "the server's choice", avg: "mean of each channel", max: "maximum of each channel", flatten: "all values" };

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function networkOptions(app) {
  const { options } = app.store.state.work;
  const note = el("p", { class: "muted small", role: "status" });
  const layers = layerInput(app, note);
  const network = networkSelect(app, layers.suggest);
  const pooling = el("select", { class: "select", testid: "upload-pooling", onchange: () => setOptions(app, { pooling: pooling.value }) }, Object.entries(POOLING).map(([value, text]) => el("option", { value }, text)));
  pooling.value = options.pooling;
  const element = el("details", { class: "more-options", testid: "upload-more", open: Boolean(options.network || options.layer || options.pooling) },
    el("summary", null, "More options"),
    el("div", { class: "stack-3" }, field("Network", network), field("Layer", layers.element), layers.list, field("Pooling", pooling), note));
  show(note, false);
  const load = () => element.open && loadNetworks(app).then(() => layers.suggest(), (error) => say(note, `The networks cannot be listed. ${error.message}`));
  element.addEventListener("toggle", load);
  return element;
}

/** @param {App} app @param {() => void} chosen */
function networkSelect(app, chosen) {
  const select = el("select", { class: "select", testid: "upload-network" });
  select.addEventListener("change", () => {
    setOptions(app, { network: select.value || null });
    chosen();
  });
  const stop = app.store.on(["networks"], ({ networks, work }) => {
    if (networks && !select.isConnected) return stop();
    const group = (label, choices) => choices.length > 0 && el("optgroup", { label }, choices.map(({ value, name }) => el("option", { value }, name)));
    fillIn(select, el("option", { value: "" }, "the server's choice"), group("Your own networks", networks?.registered ?? []), group("Public networks", networks?.open ?? []));
    select.value = work.options?.network ?? "";
  });
  fillIn(select, el("option", { value: "" }, "the server's choice"));
  return select;
}

/** Any name can be written; those of the chosen network are suggested. @param {App} app @param {HTMLElement} note */
function layerInput(app, note) {
  const list = el("datalist", { id: uniqueId("layers") });
  const element = el("input", { class: "input", testid: "upload-layer", list: list.id, maxlength: 200, autocomplete: "off", placeholder: "the last features", oninput: () => setOptions(app, { layer: element.value }) });
  element.value = app.store.state.work.options.layer;
  const suggest = async () => {
    const { network } = app.store.state.work.options ?? {};
    show(note, false);
    const names = await layersOf(app, network).catch((error) => (say(note, error.message), []));
    if (app.store.state.work.options?.network !== network) return;
    fillIn(list, names.map((value) => el("option", { value })));
    if (network && !networkOf(app, network)) say(note, "This network is not in the list any more.");
  };
  return { element, list, suggest };
}

/** @param {HTMLElement} note @param {string} text */
function say(note, text) {
  setText(note, text);
  show(note, true);
}
