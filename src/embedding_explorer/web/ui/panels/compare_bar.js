// @ts-check
/** The line above two compared maps: how they are seen, how far they agree, and the way back. */
import { el, fillIn, setText, show } from "../dom.js";
import { button, note, press, segmented } from "../parts/controls.js";
import { agreementFigures, explanation } from "../state/agreement_words.js";
import { AGREEMENT, change, stopComparing } from "../state/comparing.js";
import { colourBy, defaultColour } from "../state/colouring.js";

const HOW = [
  { value: "side", label: "Side by side", testid: "compare-side" },
  { value: "morph", label: "Morph", testid: "compare-morph" },
];

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function compareBar(app) {
  const names = el("p", { class: "compare-names ellipsis" });
  const how = segmented({ label: "How the maps are compared", choices: HOW, onchange: (value) => change(app, { how: /** @type {any} */ (value) }) });
  const link = linkButton(app);
  const slider = morphSlider(app);
  const colour = colourButton(app);
  const head = el("div", { class: "row compare-head" }, names, how.element, link, slider,
    el("span", { class: "grow" }), colour, button("End the comparison", { icon: "close", kind: "quiet small", only: true, testid: "compare-close", onclick: () => stopComparing(app) }));
  const element = el("section", { class: "compare-bar", "aria-label": "Comparison", testid: "compare-bar", hidden: true }, head, figures(app));
  app.store.on(["compare", "manifest"], ({ compare, manifest }) => {
    show(element, Boolean(compare));
    document.body.classList.toggle("comparing", Boolean(compare));
    if (!compare) return;
    how.set(compare.how);
    show(how.element, Boolean(compare.data));
    show(link, Boolean(compare.data) && compare.how === "side");
    show(slider, Boolean(compare.data) && compare.how === "morph");
    fillIn(names, letter("A"), ` ${manifest?.name} `, letter("B"), ` ${compare.name}`);
    names.title = `A: ${manifest?.name}, B: ${compare.name}`;
  }, { now: true });
  return element;
}

/** @param {string} text */
export function letter(text) {
  return el("span", { class: "map-letter" }, text);
}

/** @param {App} app */
function linkButton(app) {
  const node = button("One camera for both maps", { icon: "link", kind: "small", only: true, pressed: false, testid: "compare-link", onclick: () => change(app, { linked: !app.store.state.compare?.linked }) });
  app.store.on(["compare"], ({ compare }) => press(node, Boolean(compare?.linked)));
  return node;
}

/** @param {App} app */
function morphSlider(app) {
  const input = el("input", { class: "slider", type: "range", min: 0, max: 1, step: 0.01, testid: "compare-glide", "aria-label": "From map A to map B", oninput: () => app.store.set({ glide: Number(input.value) }) });
  app.store.on(["glide"], ({ glide }) => {
    input.value = String(glide);
    input.setAttribute("aria-valuetext", glide === 0 ? "map A" : glide === 1 ? "map B" : `${Math.round(100 * glide)} % of the way to map B`);
  }, { now: true });
  return el("label", { class: "row compare-slider" }, letter("A"), input, letter("B"));
}

/** @param {App} app */
function figures(app) {
  const list = el("dl", { class: "compare-figures", testid: "compare-figures" });
  const words = el("p", { class: "muted small compare-words", role: "status" });
  const trouble = el("div");
  const element = el("div", { class: "compare-facts" }, list, words, trouble);
  app.store.on(["compare"], ({ compare }) => {
    if (!compare) return;
    const { figures: found, error, figuresError, running } = compare;
    fillIn(list, found ? agreementFigures(found).map(({ name, value, title, key }) => el("div", { title, "data-key": key }, el("dt", null, name), el("dd", null, value))) : []);
    show(list, Boolean(found));
    const problem = error || figuresError;
    show(words, !problem);
    setText(words, found ? explanation(found) : running ? "Finding the pictures that both have …" : "Measuring how far they agree …");
    fillIn(trouble, problem && note(problem, error ? "error" : ""));
    show(trouble, Boolean(problem));
  });
  return element;
}

/** @param {App} app */
function colourButton(app) {
  const node = button("Colour by agreement", { icon: "palette", kind: "small", pressed: false, testid: "compare-colour", title: "Colour by agreement", onclick: () => toggleColour(app) });
  app.store.on(["compare"], ({ compare }) => show(node, Boolean(compare?.figures)));
  app.store.on(["colour"], ({ colour }) => press(node, colour === AGREEMENT));
  return node;
}

/** @param {App} app */
function toggleColour(app) {
  const { colour, manifest } = app.store.state;
  colourBy(app, colour === AGREEMENT ? defaultColour(manifest) : AGREEMENT);
}
