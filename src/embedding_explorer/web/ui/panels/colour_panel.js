// @ts-check
/** Colour by: the choice, its legend, clusters and the overlay. */
import { el, fillIn, show } from "../dom.js";
import { checkbox } from "../parts/controls.js";
import { classLegend } from "./legend_classes.js";
import { scaleLegend } from "./legend_scale.js";
import { selectionsLegend } from "./legend_selections.js";
import { clustersForm } from "./clusters_form.js";
import { overlayForm } from "./overlay_form.js";
import { setSize } from "../state/open.js";
import { colourBy } from "../state/colouring.js";

const FIND = "find-clusters";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function colourPanel(app) {
  const clusters = clustersForm(app);
  const select = colourSelect(app, clusters);
  const tint = checkbox("Borders around pictures", { checked: true, testid: "tint", onchange: (tint) => app.store.set({ tint }) });
  const sizes = el("input", { class: "slider", type: "range", min: -2, max: 2, step: 0.125, testid: "picture-size", "aria-label": "Picture size", oninput: () => setSize(app, 2 ** Number(sizes.value)) });
  const legend = el("div", { class: "legend", testid: "legend" }, classLegend(app), scaleLegend(app), selectionsLegend(app));
  app.store.on(["colour"], ({ colour }) => show(tint.element, colour !== "none"), { now: true });
  app.store.on(["size"], ({ size }) => (sizes.value = String(Math.log2(size))), { now: true });
  return el(
    "section",
    { class: "panel colours", "aria-label": "Colours" },
    el("div", { class: "panel-head row" }, el("label", { class: "field-row grow" }, el("span", { class: "muted" }, "Colour by"), select)),
    clusters.element,
    legend,
    el("div", { class: "stack pictures-form" }, el("label", { class: "field-row" }, el("span", { class: "muted" }, "Picture size"), sizes), tint.element),
    overlayForm(app),
  );
}

/** @param {App} app @param {{open: () => void, close: () => void}} clusters */
function colourSelect(app, clusters) {
  const select = el("select", { class: "select", testid: "colour-by", "aria-label": "Colour by" });
  select.addEventListener("change", async () => {
    if (select.value === FIND) {
      select.value = app.store.state.colour;
      return clusters.open();
    }
    clusters.close();
    if ((await colourBy(app, select.value)) === "failed") select.value = app.store.state.colour;
  });
  app.store.on(["manifest", "colour", "shelf"], ({ manifest, colour }) => {
    fillIn(select, manifest ? options(manifest) : []);
    select.value = colour;
  }, { now: true });
  return select;
}

/** @param {any} manifest */
function options(manifest) {
  const option = (value, text) => el("option", { value }, text);
  const columns = manifest.columns.map((column) => option(column.name, column.title || column.name));
  const find = manifest.clusters.made ? "Find other clusters …" : "Find clusters …";
  return [option("none", "nothing"), ...columns, option("selections", "my selections"), option(FIND, find)];
}

