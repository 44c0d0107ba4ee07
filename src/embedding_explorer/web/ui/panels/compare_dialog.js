// @ts-check
/** Choosing the dataset to compare the open map with. */
import { el, fillIn } from "../dom.js";
import { count } from "../format.js";
import { openDialog } from "../parts/dialog.js";
import { compareWith } from "../state/comparing.js";
import { refreshMaps } from "../state/open.js";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app */
export function openCompareDialog(app) {
  const list = el("ul", { class: "dataset-list", "aria-label": "Datasets to compare with" });
  const text = el("p", { class: "muted" }, "Choose a dataset of the same pictures, made through another network or layer. To make one, upload the same archive again and choose under “More options”.");
  const dialog = openDialog({ title: "Compare with …", body: el("div", { class: "stack-3" }, text, list), testid: "compare-dialog", onclose: () => stop() });
  const stop = app.store.on(["maps", "manifest"], ({ maps, manifest }) => {
    const others = likely(maps ?? [], manifest);
    fillIn(list, others.map((map) => item(app, map, dialog.close)), !others.length && el("li", { class: "muted" }, "There is no other dataset yet."));
  }, { now: true });
  refreshMaps(app);
}

/** The other datasets, those of as many images first. @param {any[]} maps @param {any} manifest */
export function likely(maps, manifest) {
  const distance = (/** @type {any} */ map) => Math.abs(map.total - manifest.total);
  return maps.filter((map) => map.id !== manifest?.id).sort((a, b) => distance(a) - distance(b));
}

/** @param {App} app @param {any} map @param {() => void} close */
function item(app, map, close) {
  const choose = () => {
    close();
    compareWith(app, map.id);
  };
  return el("li", { class: "dataset-item", "data-id": map.id },
    el("button", { type: "button", class: "dataset-open", testid: "compare-choice", onclick: choose },
      el("span", { class: "grow" }, el("strong", { class: "ellipsis" }, map.name), el("span", { class: "muted small block" }, [`${count(map.total)} images`, map.network].filter(Boolean).join(" · ")))));
}
