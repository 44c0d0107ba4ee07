// @ts-check
/** Options of a new dataset, once its archive is chosen. */
import { el, setText } from "../dom.js";
import { bytes, count, plural } from "../format.js";
import { button, checkbox, field } from "../parts/controls.js";
import { networkOptions } from "./network_options.js";
import { usedOf } from "../state/zip_listing.js";
import { dismissWork, setOptions, startUpload } from "../state/work.js";

/** @typedef {import("../state/initial.js").App} App */

/**
 * @param {App} app
 * @param {{chooseFile: () => void}} actions
 * @returns {HTMLElement}
 */
export function uploadForm(app, { chooseFile }) {
  const { file, options } = app.store.state.work;
  const name = el("input", { class: "input", value: options.name, maxlength: 200, testid: "upload-name", autocomplete: "off", oninput: () => setOptions(app, { name: name.value }) });
  const labels = checkbox("Top-level folders are labels", { checked: options.labels, testid: "upload-labels", onchange: (on) => setOptions(app, { labels: on }) });
  const facts = el("p", { class: "muted small" });
  const start = button("Make the map", { kind: "primary", testid: "upload-start" });
  const form = el(
    "form",
    { class: "work-form", testid: "upload-form" },
    workHead("New map", () => dismissWork(app)),
    el("p", { class: "row" }, el("strong", { class: "ellipsis grow", title: file?.name }, file?.name), el("button", { type: "button", class: "text-button", onclick: chooseFile }, "choose another")),
    facts,
    field("Name", name),
    labels.element,
    networkOptions(app),
    el("div", { class: "row" }, el("span", { class: "muted small grow" }, limitText(app)), start),
  );
  start.type = "submit";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    startUpload(app);
  });
  followListing(app, form, { facts, labels });
  return form;
}

/** What is in the archive becomes known a moment after it was chosen. */
function followListing(app, form, { facts, labels }) {
  const stop = app.store.on(["work"], ({ work, limits }) => {
    if (!form.isConnected && facts.textContent) return stop();
    const { listing, labels: on } = work.options ?? {};
    setText(facts, [bytes(work.size), listing && contents(listing, Boolean(on), limits?.images ?? Infinity)].filter(Boolean).join(" · "));
    labels.input.checked = Boolean(on);
    labels.setNote(folderNote(listing));
  }, { now: true });
}

/**
 * What the server will use of an archive.
 * @param {import("../state/zip_listing.js").Listing} listing
 * @param {boolean} labels
 * @param {number} most images
 */
function contents(listing, labels, most) {
  const used = usedOf(listing, labels);
  const left = listing.top + listing.inside + listing.deeper - used;
  const words = [used ? plural(used, "picture") : "no picture outside folders"];
  if (left) words.push(`${count(left)} in ${labels ? "deeper " : ""}folders left out`);
  if (used > most) words.push(`the first ${count(most)} are used`);
  return words.join(", ");
}

/** @param {import("../state/zip_listing.js").Listing|null} listing */
function folderNote(listing) {
  if (!listing?.folders.length) return "";
  const named = listing.folders.slice(0, 3).join(", ");
  return listing.folders.length > 3 ? `${count(listing.folders.length)}: ${named}, …` : named;
}

/** @param {App} app */
function limitText(app) {
  const { limits } = app.store.state;
  return limits ? `Up to ${plural(limits.images, "image")}` : "";
}

/** @param {string} title @param {() => void} [onclose] */
export function workHead(title, onclose) {
  return el("div", { class: "row work-head" }, el("h2", { class: "grow" }, title), onclose && button("Close", { icon: "close", kind: "quiet small", only: true, testid: "work-close", onclick: onclose }));
}
