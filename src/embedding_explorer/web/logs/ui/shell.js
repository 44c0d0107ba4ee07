// @ts-check
/** What stands around the pages of run logs: the bar, the list of datasets, messages. */
import { el, fillIn } from "../../ui/dom.js";
import { note } from "../../ui/parts/controls.js";
import { pages } from "../../ui/parts/pages.js";
import { themeButton } from "../../ui/parts/theme_button.js";
import { LogError } from "../data/api.js";

/** @typedef {{datasets: {name: string, href: string}[], whole: boolean, name: string}} Choice */

/** Build the bar around what the server sent. @param {HTMLElement} main @param {Choice} choice */
export function buildShell(main, choice) {
  document.body.classList.add("logs");
  for (const nav of document.querySelectorAll("body > nav")) nav.remove();
  const bar = el("header", { class: "bar" },
    el("a", { class: "brand", href: "/logs", title: "Run logs" }, el("img", { src: "/web/icon.svg", alt: "", width: 26, height: 26 }), el("span", { class: "brand-name" }, "Embedding Explorer")),
    pages(), picker(choice), el("div", { class: "bar-actions", id: "bar-actions" }, themeButton()));
  main.before(el("a", { class: "skip", href: "#app" }, "Skip to the content"), bar);
  main.tabIndex = -1;
}

/** The way to other datasets, where there are any. @param {Choice} choice */
function picker({ datasets, whole, name }) {
  const all = [...(whole ? [{ name: "All logs", href: "/logs" }] : []), ...datasets];
  const here = name || "All logs";
  if (all.length < 2 && (!all.length || all[0].name === here)) return null;
  const known = all.some((each) => each.name === here);
  const select = el("select", { class: "select dataset-select", "aria-label": "Logs of", testid: "dataset", onchange: () => (location.href = select.value) },
    !known && el("option", { value: "", selected: true }, name || "Choose logs"), all.map((each) => el("option", { value: each.href, selected: each.name === here }, each.name)));
  return select;
}

/** In place of a dataset. @param {HTMLElement} main @param {Choice} choice */
export function noDataset(main, { datasets }) {
  if (!datasets.length) return main.classList.add("narrow-page");
  main.classList.add("narrow-page");
  return fillIn(main, el("h1", null, "Run logs"), el("ul", { class: "card dataset-list", testid: "datasets" }, datasets.map(({ name, href }) => el("li", null, el("a", { href }, name)))));
}

/** In place of a page that cannot be shown. @param {any} error */
export function unusable(error) {
  const main = /** @type {HTMLElement} */ (document.getElementById("app"));
  main.classList.add("narrow-page");
  if (!(error instanceof LogError)) reportError(error);
  fillIn(main, el("h1", null, "These logs cannot be shown"), note(error instanceof LogError ? error.message : `The page has a fault: ${error?.message ?? error}. Reload it.`, "error"), el("p", null, el("a", { href: "/logs" }, "All run logs")));
}
