// @ts-check
/** Runs at the left, tabs above, the page of a tab in the rest; and the clock that looks for what is new. */
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { button, note, press, progressBar } from "../../ui/parts/controls.js";
import { runsWith } from "../data/categories.js";
import { Watch } from "../data/watch.js";
import { runList } from "./run_list.js";

/**
 * @typedef {object} Page
 * @property {HTMLElement} element
 * @property {() => void} update other runs, tags or options
 * @property {() => Promise<boolean>} refresh look for new records of what is in sight; whether there were any
 * @property {() => void} [close]
 */

const TABS = [
  { id: "scalars", kind: "scalar", name: "Scalars", page: "scalars" },
  { id: "histograms", kind: "histogram", name: "Histograms", page: "histograms" },
  { id: "distributions", kind: "histogram", name: "Distributions", page: "distributions" },
  { id: "images", kind: "image", name: "Images", page: "images" },
  { id: "audio", kind: "audio", name: "Audio", page: "audio" },
  { id: "text", kind: "text", name: "Text", page: "text" },
  { id: "embeddings", kind: "embedding", name: "Embeddings", page: "embeddings" },
  { id: "graphs", kind: "graph", name: "Graphs", page: "graphs" },
  { id: "hparams", kind: "hparams", name: "Hyper-parameters", page: "hparams" },
  { id: "tensors", kind: "exception", name: "Tensors", page: "tensors" },
];

/** @param {HTMLElement} main @param {import("../data/book.js").Book} book */
export async function buildStage(main, book) {
  const title = main.querySelector("h1")?.textContent ?? "Run logs";
  const panel = el("div", { class: "tab-panel", role: "tabpanel", id: "panel", tabindex: -1 });
  const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Kinds of records", testid: "tabs" });
  const message = el("div", { class: "stack", testid: "messages" });
  fillIn(main, el("h1", { class: "sr-only" }, title), el("aside", { class: "side", "aria-label": "Runs" }, runList(book)), el("div", { class: "content" }, reading(book), message, tabs, panel));
  const shown = { id: "", page: /** @type {Page|null} */ (null), turn: 0 };
  const watch = new Watch(async () => {
    const changed = await book.look();
    return (await shown.page?.refresh().catch((error) => (book.told(error), false))) || changed;
  });
  document.getElementById("bar-actions")?.prepend(liveButton(book, watch));
  book.store.on(["trouble", "error"], () => messages(message, book), { now: true });
  tabs.addEventListener("keydown", (event) => walk(event, tabs));
  await book.open();
  await book.look();
  book.store.on(["categories", "tab"], () => {
    drawTabs(tabs, book);
    void showTab(panel, book, shown);
  }, { now: true });
  book.store.on(["chosen", "categories", "filter", "axis", "weight", "log", "outliers"], () => shown.page?.update());
  book.store.on(["progress"], ({ progress }) => void (progress === null && watch.now()));
  book.store.on(["live"], ({ live }) => watch.set(live), { now: true });
}

/** @param {import("../data/book.js").Book} book */
function present(book) {
  return TABS.filter(({ kind }) => runsWith(book.state.categories ?? {}, kind).length > 0);
}

/** @param {import("../data/book.js").Book} book */
function open(book) {
  const found = present(book);
  return found.find(({ id }) => id === book.state.tab) ?? found[0];
}

/** @param {HTMLElement} tabs @param {import("../data/book.js").Book} book */
function drawTabs(tabs, book) {
  const now = open(book);
  const wanted = `${present(book).map(({ id }) => id)} ${now?.id}`;
  if (tabs.dataset.shown === wanted) return;
  tabs.dataset.shown = wanted;
  const focused = tabs.contains(document.activeElement);
  show(tabs, now !== undefined);
  fillIn(tabs, present(book).map(({ id, name }) => el("button", {
    type: "button", role: "tab", id: `tab-${id}`, testid: `tab-${id}`, "aria-controls": "panel", "aria-selected": String(id === now?.id), tabindex: id === now?.id ? 0 : -1, onclick: () => book.store.set({ tab: id }),
  }, name)));
  const selected = /** @type {HTMLElement|null} */ (tabs.querySelector('[aria-selected="true"]'));
  if (focused) selected?.focus();
  if (selected) tabs.scrollLeft = selected.offsetLeft - tabs.clientWidth / 2 + selected.clientWidth / 2;
}

/** @param {KeyboardEvent} event @param {HTMLElement} tabs */
function walk(event, tabs) {
  const all = /** @type {HTMLElement[]} */ ([...tabs.querySelectorAll("[role=tab]")]);
  const now = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined || now < 0) return;
  event.preventDefault();
  const tab = all[(next + all.length) % all.length];
  tab.focus();
  tab.click();
}

/** @param {HTMLElement} panel @param {import("../data/book.js").Book} book @param {{id: string, page: Page|null, turn: number}} shown */
async function showTab(panel, book, shown) {
  const tab = open(book);
  if (!tab) return fillIn(panel, note("Nothing has been written to these logs yet. The page looks again by itself."));
  if (tab.id === shown.id) return undefined;
  const turn = (shown.turn += 1);
  shown.id = tab.id;
  shown.page?.close?.();
  shown.page = null;
  const module = await import(`../pages/${tab.page}.js`);
  if (turn !== shown.turn) return undefined;
  panel.setAttribute("aria-labelledby", `tab-${tab.id}`);
  shown.page = module.open(book);
  fillIn(panel, /** @type {Page} */ (shown.page).element);
  document.title = `${tab.name} · Run logs`;
  return undefined;
}

/** How far the server has read a large log. @param {import("../data/book.js").Book} book */
function reading(book) {
  const bar = progressBar({ label: "Reading the logs", thin: true, testid: "reading" });
  const text = el("p", { class: "small muted" });
  const element = el("div", { class: "stack reading", hidden: true }, text, bar.element);
  book.store.on(["progress"], ({ progress }) => {
    show(element, progress !== null);
    if (progress === null) return;
    setText(text, `Reading the logs: ${Math.floor(100 * progress)} %. What has been read is shown already.`);
    bar.set(progress);
  });
  return element;
}

/** @param {HTMLElement} place @param {import("../data/book.js").Book} book */
function messages(place, { state }) {
  const trouble = Object.entries(state.trouble).flatMap(([run, sentences]) => sentences.map((sentence) => note(`${run}: ${sentence}`, "warn")));
  fillIn(place, state.error && note(state.error, "error"), trouble.slice(0, 5), trouble.length > 5 && el("p", { class: "small muted" }, `and ${trouble.length - 5} more`));
}

/** @param {import("../data/book.js").Book} book @param {Watch} watch */
function liveButton(book, watch) {
  const node = button("Live", { kind: "quiet live", testid: "live", pressed: book.state.live, title: "Follow logs that are still being written", onclick: () => book.store.set({ live: !book.state.live }) });
  node.prepend(el("span", { class: "live-dot", "aria-hidden": "true" }));
  book.store.on(["live"], ({ live }) => (press(node, live), live && void watch.now()), { now: false });
  return node;
}
