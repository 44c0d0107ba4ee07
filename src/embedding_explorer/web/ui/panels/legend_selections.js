// @ts-check
/** The legend while named selections give the colours. */
import { el, fillIn, show } from "../dom.js";
import { count } from "../format.js";

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function selectionsLegend(app) {
  const element = el("ul", { class: "legend-selections", "aria-label": "Selections" });
  app.store.on(["colour", "shelf"], ({ colour, shelf }) => {
    show(element, colour === "selections");
    fillIn(element, shelf.length ? shelf.map(line) : el("li", { class: "muted small" }, "No selection has been saved yet. Select images and save them under a name."));
  }, { now: true });
  return element;
}

/** @param {import("../../data/selections.js").NamedSelection} named */
function line(named) {
  const swatch = el("span", { class: "swatch" });
  swatch.style.background = named.colour;
  return el("li", { class: "row" }, swatch, el("span", { class: "grow ellipsis" }, named.name), el("span", { class: "muted" }, count(named.size)));
}
