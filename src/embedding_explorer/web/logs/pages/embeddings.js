// @ts-check
/** Embeddings: the points of one, in two or three dimensions, drawn by the map's own view. */
import { followTheme } from "../../charts/follow_theme.js";
import { categorical, categoryIndex, css } from "../../core/palette.js";
import { VISIBLE } from "../../core/flags.js";
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { count, plural } from "../../ui/format.js";
import { button, segmented } from "../../ui/parts/controls.js";
import { theme } from "../../ui/state/theme.js";
import { MapView } from "../../view/map_view.js";
import { LogError } from "../data/api.js";
import { tagsOf } from "../data/categories.js";
import { classesOf, positionsOf, projectionOf } from "../data/points.js";
import { chooser, pairOf, plain, splitPair } from "../ui/choices.js";
import { sampleView } from "../ui/sample.js";

const SERVED = 1000; // rows that the server reduces
const MOST_CLASSES = 200; // in the legend
const METHODS = [{ value: "pca", label: "PCA", testid: "method-pca" }, { value: "tsne", label: "t-SNE", testid: "method-tsne" }, { value: "umap", label: "UMAP", testid: "method-umap" }];
const DIMENSIONS = [{ value: "3", label: "3-D", testid: "dims-3" }, { value: "2", label: "2-D", testid: "dims-2" }];

/** @param {import("../data/book.js").Book} book @returns {import("../ui/stage.js").Page} */
export function open(book) {
  const page = new Embeddings(book);
  return { element: page.element, update: () => page.update(), refresh: () => page.refresh(), close: () => page.close() };
}

class Embeddings {
  /** @param {import("../data/book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.method = "pca";
    this.dims = "3";
    this.shown = "";
    this.turn = 0;
    this.newest = true;
    /** @type {import("../data/points.js").Projection} */
    this.data = { points: [], labels: [] };
    this.hidden = new Set();
    this.embedding = chooser({ label: "Embedding", testid: "embedding", onchange: () => ((this.shown = ""), void this.refresh()) });
    this.step = chooser({ label: "Step", testid: "embedding-step", onchange: () => void this.#load() });
    this.methods = segmented({ label: "Method", choices: METHODS, onchange: (value) => this.#set("method", value) });
    this.dimensions = segmented({ label: "Dimensions", choices: DIMENSIONS, onchange: (value) => this.#set("dims", value) });
    this.methods.set(this.method);
    this.dimensions.set(this.dims);
    this.canvas = el("canvas", { tabindex: 0, role: "application", testid: "cloud", "aria-label": "Points of the embedding. Arrow keys turn, plus and minus zoom, 0 shows all; the buttons beside it go from point to point." });
    this.tip = el("div", { class: "cloud-tip", hidden: true });
    this.wait = el("p", { class: "note cloud-wait", role: "status", hidden: true });
    this.stage = el("div", { class: "cloud-stage" }, this.canvas, this.tip, this.wait);
    this.facts = el("p", { class: "small muted", testid: "cloud-facts" });
    this.legend = el("ul", { class: "legend-list", "aria-label": "Labels", testid: "cloud-legend" });
    this.sample = sampleView();
    this.row = -1;
    this.element = el("div", null,
      el("div", { class: "deck-tools", role: "group", "aria-label": "Options" }, this.embedding.element, this.step.element, this.methods.element, this.dimensions.element),
      el("div", { class: "cloud" }, this.stage, el("aside", { class: "card cloud-side", "aria-label": "Points" }, this.facts, this.#stepper(), this.sample.element, this.legend)));
    this.none = el("p", { class: "muted empty", hidden: true }, "No chosen run has an embedding.");
    this.element.append(this.none);
    followTheme(/** @type {Embeddings} */ (this), (page) => page.view && page.#colour());
    this.update();
  }

  #stepper() {
    const walk = (/** @type {number} */ by) => () => this.#pick((this.row + by + this.data.points.length) % Math.max(1, this.data.points.length));
    return el("div", { class: "row" }, button("Previous point", { icon: "left", kind: "small", only: true, onclick: walk(-1), testid: "point-before" }), button("Next point", { icon: "right", kind: "small", only: true, onclick: walk(1), testid: "point-after" }), el("span", { class: "small muted grow" }, "Click a point, or go from one to the next."));
  }

  update() {
    const { categories, chosen } = this.book.state;
    const pairs = chosen.flatMap((run) => tagsOf(categories?.[run], "embedding").map((tag) => ({ value: pairOf(run, tag), label: `${run}: ${tag}` })));
    const before = this.embedding.value;
    show(this.none, pairs.length === 0);
    show(/** @type {HTMLElement} */ (this.element.querySelector(".cloud")), pairs.length > 0);
    if (this.embedding.set(pairs) !== before || !this.about) void this.refresh();
  }

  /** @returns {Promise<boolean>} whether there are other steps */
  async refresh() {
    const [run, tag] = splitPair(this.embedding.value);
    if (!run) return false;
    try {
      const about = await this.book.logs.get("projector", { run, tag });
      if (about === this.about && this.shown) return false;
      this.about = about;
      const steps = about[tag] ?? [];
      const last = String(steps[steps.length - 1]);
      this.step.set(plain(new Set(steps)), this.shown && this.step.value ? this.step.value : last);
      await this.#load();
      return true;
    } catch (error) {
      this.#tell(error);
      return false;
    }
  }

  /** @param {"method"|"dims"} what @param {string} value */
  #set(what, value) {
    this[what] = value;
    this.methods.set(this.method);
    this.dimensions.set(this.dims);
    void this.#load();
  }

  async #load() {
    const [run, tag] = splitPair(this.embedding.value);
    const step = this.step.value;
    const question = { run, tag, step, method: this.method === "umap" ? "pca" : this.method, dims: Math.min(Number(this.dims), this.about?.shape?.[1] ?? 3), ...(this.method === "umap" ? { reducer: "umap" } : {}) };
    const key = JSON.stringify(question);
    if (key === this.shown) return;
    const turn = (this.turn += 1);
    this.shown = key;
    const names = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };
    const late = setTimeout(() => (setText(this.wait, `${names[this.method]} is being computed …`), show(this.wait, true)), 250);
    try {
      const data = await this.book.logs.get("projector_data", question, (answer) => projectionOf(answer, step));
      if (turn !== this.turn) return;
      show(this.wait, false);
      await this.#show(data);
    } catch (error) {
      if (turn === this.turn) this.#tell(error);
    } finally {
      clearTimeout(late);
    }
  }

  /** @param {unknown} error */
  #tell(error) {
    if (!(error instanceof LogError)) throw error;
    setText(this.wait, error.message);
    show(this.wait, true);
  }

  /** @param {import("../data/points.js").Projection} data */
  async #show(data) {
    this.data = data;
    this.classes = classesOf(data.labels);
    const [rows, columns] = this.about.shape ?? [data.points.length, 0];
    setText(this.facts, `${plural(rows, "point")} of ${plural(columns, "number")}${rows > SERVED ? `; the first ${count(SERVED)} are shown` : ""}`);
    if (!this.view) await this.#begin();
    const positions = positionsOf(data.points);
    await this.view?.setMode(this.dims === "2" ? "2d" : "3d", { animate: false });
    await this.view?.show(/** @type {any} */ (asDataset(positions)));
    this.#colour();
    this.#legend();
    this.#flags();
    this.#pick(this.row < data.points.length ? this.row : -1);
  }

  async #begin() {
    const quality = new URLSearchParams(location.search).get("quality");
    this.view = await MapView.create(this.canvas, { quality: /** @type {any} */ (quality ?? "auto"), reducedMotion: matchMedia("(prefers-reduced-motion: reduce)").matches });
    this.view.addEventListener("hover", (event) => this.#hover(/** @type {CustomEvent} */ (event).detail));
    this.view.addEventListener("pick", (event) => this.#pick(/** @type {CustomEvent} */ (event).detail.row));
  }

  #colour() {
    const { classes } = this;
    const total = classes?.classes.length ?? 0;
    this.palette = categorical(total, theme());
    const index = total ? categoryIndex(/** @type {any} */ (classes).index) : new Uint8Array(this.data.points.length);
    if (!total) this.palette = categorical(1, theme());
    this.view?.setColours(index, this.palette);
    for (const [at, line] of [...this.legend.querySelectorAll(".swatch")].entries()) /** @type {HTMLElement} */ (line).style.background = css(this.palette, at % 255);
  }

  #legend() {
    const { classes } = /** @type {any} */ (this.classes);
    this.hidden = new Set([...this.hidden].filter((label) => classes.some((/** @type {any} */ each) => each.label === label)));
    fillIn(this.legend, classes.slice(0, MOST_CLASSES).map((/** @type {{label: string, total: number}} */ { label, total }, /** @type {number} */ at) => {
      const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = css(/** @type {Uint8Array} */ (this.palette), at % 255);
      return el("li", null, el("button", { type: "button", "aria-pressed": String(!this.hidden.has(label)), onclick: (event) => this.#toggle(label, event.currentTarget) }, swatch, el("span", { class: "grow ellipsis", title: label }, label || "(empty)"), el("span", { class: "muted" }, count(total))));
    }), classes.length > MOST_CLASSES && el("li", { class: "small muted" }, `and ${count(classes.length - MOST_CLASSES)} more labels`));
  }

  /** @param {string} label @param {any} node */
  #toggle(label, node) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    node.setAttribute("aria-pressed", String(!this.hidden.has(label)));
    this.#flags();
  }

  #flags() {
    const { labels, points } = this.data;
    this.view?.setFlags(Uint8Array.from(points, (_, row) => (labels.length && this.hidden.has(String(labels[row])) ? 0 : VISIBLE)));
  }

  /** @param {{row: number, x: number, y: number}} at */
  #hover({ row, x, y }) {
    show(this.tip, row >= 0);
    if (row < 0) return;
    const label = this.data.labels[row];
    const picture = this.about.sample_type === "image" ? el("img", { src: this.#sampleUrl(row), alt: "" }) : null;
    fillIn(this.tip, el("strong", null, label === undefined ? `Point ${row}` : String(label)), label === undefined ? null : el("p", { class: "muted" }, `point ${row}`), picture);
    const beyond = x > this.stage.clientWidth / 2;
    this.tip.style.left = beyond ? "" : `${x + 14}px`;
    this.tip.style.right = beyond ? `${this.stage.clientWidth - x + 14}px` : "";
    this.tip.style.top = `${Math.max(4, Math.min(y, this.stage.clientHeight - 140))}px`;
  }

  /** @param {number} row */
  #sampleUrl(row) {
    const [run, tag] = splitPair(this.embedding.value);
    return this.book.logs.url("projector_sample", { run, tag, index: row });
  }

  /** @param {number} row */
  #pick(row) {
    this.row = row;
    this.view?.raise(row);
    this.sample.show(row, this.data.labels[row], row >= 0 && this.about?.sample ? this.about.sample_type : "", row >= 0 ? this.#sampleUrl(row) : "");
  }

  close() {
    this.view?.destroy();
  }
}

/** What the view asks of a dataset: places, and no pictures. @param {import("../../core/positions.js").Positions} positions */
function asDataset(positions) {
  return {
    manifest: { name: "embedding", tilemaps: null, overview: null, columns: [], reductions: {} }, openedAt: performance.now(), total: positions.n,
    reducerOr: () => "points", positions: async () => positions, hasColumn: () => false,
  };
}
