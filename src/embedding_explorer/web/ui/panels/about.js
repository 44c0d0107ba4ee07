// @ts-check
/** What made this map: network, reducers with their parameters, counts, versions, times. */
import { getJson } from "../../data/api.js";
import { el, fillIn } from "../dom.js";
import { count, duration, figure, moment, reducerName } from "../format.js";
import { button, note } from "../parts/controls.js";
import { openDialog } from "../parts/dialog.js";
import { openCompareDialog } from "./compare_dialog.js";
import { skippedList } from "./work_done.js";

const HIDDEN = ["name", "layer", "precision", "device", "engine", "version"];

/** @param {import("../state/initial.js").App} app */
export function openAbout(app) {
  const { manifest } = app.store.state;
  const more = el("div", { class: "stack-3" });
  const body = manifest ? [section("Dataset", datasetFacts(manifest)), section("Network", networkFacts(manifest)), ...reductions(manifest), drawing(app), more, comparing(app)] : [el("p", null, "No map is open.")];
  openDialog({ title: manifest ? `About ${manifest.name}` : "About this map", body: el("div", { class: "about stack-3" }, body), testid: "about" });
  if (manifest) addBuild(manifest, more);
}

/** @param {string} title @param {[string, any][]} lines */
function section(title, lines) {
  const shown = lines.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("section", { class: "stack" }, el("h3", null, title), el("dl", { class: "facts" }, shown.map(([name, value]) => [el("dt", null, name), el("dd", null, value)])));
}

/** @param {any} manifest @returns {[string, any][]} */
function datasetFacts(manifest) {
  return [
    ["images", count(manifest.total)],
    ["skipped", count(manifest.skipped_total)],
    ["made", moment(manifest.created)],
    ["source", [manifest.source?.kind, manifest.source?.name].filter(Boolean).join(": ")],
    ["originals", manifest.images_kept ? "kept" : "not kept"],
    ["id", el("code", null, manifest.id)],
  ];
}

/** @param {any} manifest @returns {[string, any][]} */
function networkFacts({ network, features }) {
  if (!network) return [["network", "none: the coordinates were imported"]];
  const others = Object.entries(network).filter(([name, value]) => !HIDDEN.includes(name) && (typeof value !== "object" || Array.isArray(value)));
  return [
    ["network", network.name],
    ["layer", network.layer],
    ["precision", network.precision],
    ["device", [network.device, network.engine].filter(Boolean).join(", ")],
    ["features", features && `${features.shape?.map(count).join(" × ")}, ${features.dtype}`],
    ...others.map(([name, value]) => /** @type {[string, any]} */ ([name.replace(/_/g, " "), parameter(value)])),
  ];
}

/** @param {any} manifest */
function reductions({ reductions: made }) {
  return Object.entries(made).map(([name, { parameters }]) => section(reducerName(name), Object.entries(parameters ?? {}).map(([key, value]) => [key.replace(/_/g, " "), parameter(value)])));
}

/** @param {any} value */
function parameter(value) {
  if (Array.isArray(value)) return value.map(parameter).join(", ");
  if (typeof value === "number") return figure(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null || value === undefined) return null;
  return value && typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param {import("../state/initial.js").App} app */
function drawing(app) {
  const stats = app.view.stats();
  const megabytes = stats.textures ? `${figure(Math.round(stats.textures / 1e5) / 10)} MB` : null;
  return section("Drawn by", [["renderer", stats.renderer], ["quality", stats.quality], ["software", stats.software ? "yes: this browser draws without a graphics processor" : "no"], ["textures", megabytes]]);
}

/** @param {import("../state/initial.js").App} app */
function comparing(app) {
  const open = () => {
    /** @type {HTMLDialogElement|null} */ (document.querySelector('[data-testid="about"]'))?.close();
    openCompareDialog(app);
  };
  return el("p", null, button("Compare with …", { icon: "compare", testid: "about-compare", onclick: open }));
}

/** Versions and times are in the dataset's own manifest. @param {any} manifest @param {HTMLElement} place */
async function addBuild(manifest, place) {
  try {
    const full = await getJson(`/dataset/${manifest.id}`);
    const seconds = Object.entries(full.seconds ?? {});
    fillIn(place,
      manifest.skipped_total > 0 && skippedList(manifest.skipped, manifest.skipped_total),
      seconds.length > 0 && section("Time", seconds.map(([stage, value]) => [stage, value < 10 ? `${figure(Math.round(value * 100) / 100)} s` : duration(value)])),
      section("Versions", Object.entries(full.versions ?? {})));
  } catch (error) {
    const busy = /** @type {any} */ (error).busy;
    fillIn(place, note(busy ? "Versions and times can be seen when the server's present job is done." : `Versions and times could not be read. ${/** @type {Error} */ (error).message}`));
  }
}

