// @ts-check
/** Layers as pictures with their statistics. */
import { histogram } from "../../../charts/bars.js";
import { el } from "../../../ui/dom.js";
import { count, figure } from "../../../ui/format.js";
import { progressBar } from "../../../ui/parts/controls.js";

/** @param {{visualizations: any[], total_parameters: number}} found */
export function layerList({ visualizations, total_parameters: total }) {
  return el("details", { open: true }, el("summary", null, `What its ${count(visualizations.length)} steps make of it; ${count(total)} parameters in all`), el("ol", { class: "layer-cards" }, visualizations.map(layer)));
}

/** @param {any} each */
function layer(each) {
  const weights = each.vis_type === "Weights";
  const { shape, mean, stddev, histogram: bins } = each.data_stats;
  const name = `${each.name}${weights ? ", weights" : ""}`;
  const facts = [shape.join(" × "), `mean ${figure(mean)}`, `deviation ${figure(stddev)}`, weights && each.param_count ? `${count(each.param_count)} parameters` : ""].filter(Boolean);
  return el("li", { class: "layer-card" },
    el("div", { class: "layer-words" }, el("h3", null, each.name, " ", el("span", { class: "badge" }, weights ? each.layer_type ?? "Weights" : "Activation")), el("p", { class: "muted small" }, facts.join(" · ")),
      bins && histogram({ counts: bins[0], centres: bins[1], ticks: bins[2] }, { label: `Values of ${name}` })),
    each.image_html && el("div", { class: "layer-picture", tabindex: 0, role: "region", "aria-label": `Picture of ${name}` }, el("img", { src: each.image_html, alt: `${name} as a picture`, class: "pixels", loading: "lazy" })));
}

/** While the model is at work: the first time it has to be loaded, which takes a few seconds. */
export function looking() {
  const bar = progressBar({ label: "The model is at work" });
  bar.set(null);
  return el("div", { class: "stack looking" }, bar.element, el("p", { class: "muted small" }, "The model looks at it. The first time it has to be loaded."));
}
