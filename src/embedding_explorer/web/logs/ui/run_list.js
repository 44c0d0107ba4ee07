// @ts-check
/** The runs: searched, chosen, each in its colour. */
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { plural } from "../../ui/format.js";
import { button } from "../../ui/parts/controls.js";
import { onTheme } from "../../ui/state/theme.js";
import { matcher } from "../data/categories.js";
import { runColour } from "./colours.js";

const MOST = 400; // in the list; a search finds the others

/** @param {import("../data/book.js").Book} book */
export function runList(book) {
  let wish = "";
  const list = el("ul", { class: "run-list", "aria-label": "Runs", testid: "runs" });
  const more = el("p", { class: "muted small", hidden: true });
  const total = el("span", { class: "muted small", testid: "runs-chosen" });
  const search = el("input", { class: "input", type: "search", placeholder: "Search runs", "aria-label": "Search runs", testid: "run-search", oninput: () => ((wish = search.value), draw()) });
  const matching = () => book.state.runs.filter(matcher(wish));
  const set = (/** @type {boolean} */ on) => {
    const found = new Set(matching());
    const kept = book.state.chosen.filter((run) => !found.has(run));
    book.choose(on ? [...kept, ...found] : kept);
  };
  const draw = () => {
    const { runs, chosen } = book.state;
    const found = matching();
    const on = new Set(chosen);
    const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset : null;
    fillIn(list, found.slice(0, MOST).map((run) => line(book, run, on.has(run))));
    if (focused) /** @type {HTMLElement|undefined} */ ([...list.querySelectorAll("input, button")].find((each) => /** @type {HTMLElement} */ (each).dataset.key === focused.key))?.focus();
    setText(total, `${chosen.length} of ${plural(runs.length, "run")}`);
    setText(more, found.length > MOST ? `${plural(found.length - MOST, "further run")}: search for them.` : found.length ? "" : "No run is called so.");
    show(more, more.textContent !== "");
  };
  book.store.on(["runs", "chosen"], draw, { now: true });
  onTheme(draw);
  const heading = el("summary", null, el("h2", null, "Runs"), total);
  const element = el("details", { class: "run-panel", open: !matchMedia("(max-width: 860px)").matches }, heading,
    el("div", { class: "run-tools" }, search, el("div", { class: "row" }, button("All", { kind: "small", onclick: () => set(true), testid: "runs-all" }), button("None", { kind: "small", onclick: () => set(false), testid: "runs-none" }))), list, more);
  return element;
}

/** @param {import("../data/book.js").Book} book @param {string} run @param {boolean} on */
function line(book, run, on) {
  const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = runColour(book, run);
  const box = el("input", { type: "checkbox", checked: on, "data-key": `box ${run}`, onchange: () => book.choose(box.checked ? [...book.state.chosen, run] : book.state.chosen.filter((each) => each !== run)) });
  const only = button("Only", { kind: "small quiet", title: `Show only ${run}`, onclick: () => book.choose([run]) });
  only.dataset.key = `only ${run}`;
  only.setAttribute("aria-label", `Only ${run}`);
  return el("li", null, el("label", { class: "check grow" }, box, swatch, el("span", { class: "run-name", title: run }, run, run === "." ? el("span", { class: "muted" }, " (the folder itself)") : null)), only);
}
