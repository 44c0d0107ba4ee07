// @ts-check
/** Tensors ("exceptions"): the values of one step as a heat map, as a box, as a histogram, and those out of bounds. */
import { Ridges } from "../../charts/ridges.js";
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { figure, plural } from "../../ui/format.js";
import { button, field } from "../../ui/parts/controls.js";
import { LogError } from "../data/api.js";
import { tagsOf } from "../data/categories.js";
import { ridgesOf } from "../data/histograms.js";
import { quartiles, tensorOf } from "../data/tensor.js";
import { boxPlot } from "../ui/box_plot.js";
import { chooser, pairOf, splitPair } from "../ui/choices.js";
import { runColour } from "../ui/colours.js";
import { stepSlider } from "../ui/step_slider.js";
import { TensorMap } from "../ui/tensor_map.js";

const MOST_LISTED = 50;

/** @param {import("../data/book.js").Book} book @returns {import("../ui/stage.js").Page} */
export function open(book) {
  const page = new Tensors(book);
  return { element: page.element, update: () => page.update(), refresh: () => page.refresh() };
}

class Tensors {
  /** @param {import("../data/book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.steps = /** @type {any} */ (null);
    this.turn = 0;
    this.tensor = chooser({ label: "Tensor", testid: "tensor", onchange: () => this.#other() });
    this.slider = stepSlider({ label: "Step", onchange: (index) => void this.#load(index) });
    this.facts = el("p", { class: "tensor-facts small", testid: "tensor-facts" });
    this.map = new TensorMap();
    this.box = el("div");
    this.bars = new Ridges({ label: "Histogram of the values", height: 200, testid: "tensor-histogram" });
    this.up = el("input", { class: "input", type: "text", inputmode: "decimal", testid: "bound-up" });
    this.down = el("input", { class: "input", type: "text", inputmode: "decimal", testid: "bound-down" });
    this.outside = el("div", { "aria-live": "polite", testid: "outside" });
    this.message = el("p", { class: "note", hidden: true, role: "status" });
    const panel = (/** @type {string} */ head, /** @type {any[]} */ ...more) => el("section", { class: "card padded" }, el("h2", null, head), more);
    this.panels = el("div", { class: "cards wide" }, panel("Values", this.facts, this.map.element), panel("Histogram", this.bars.element), panel("Box", this.box),
      panel("Out of bounds", el("form", { class: "row", onsubmit: (event) => (event.preventDefault(), void this.#find()) }, field("Above", this.up), field("Below", this.down), button("Find", { kind: "small", testid: "find-outside", onclick: () => void this.#find() })), this.outside));
    this.element = el("div", null, el("div", { class: "deck-tools", role: "group", "aria-label": "Options" }, this.tensor.element, el("div", { class: "grow" }, this.slider.element)), this.message, this.panels);
    this.update();
  }

  update() {
    const { categories, chosen } = this.book.state;
    const pairs = chosen.flatMap((run) => tagsOf(categories?.[run], "exception").map((tag) => ({ value: pairOf(run, tag), label: `${run}: ${tag}` })));
    const before = this.tensor.value;
    show(this.panels, pairs.length > 0);
    this.#tell(pairs.length ? "" : "No chosen run has tensors.");
    if (this.tensor.set(pairs) !== before && pairs.length) this.#other();
  }

  #other() {
    this.steps = null;
    this.up.value = this.down.value = ""; // bounds of another tensor mean nothing here
    void this.refresh();
  }

  get #question() {
    const [run, tag] = splitPair(this.tensor.value);
    return { run, tag };
  }

  /** @returns {Promise<boolean>} whether there are other steps */
  async refresh() {
    const { run, tag } = this.#question;
    if (!run) return false;
    try {
      const steps = await this.book.logs.get("exception", { run, tag }, (answer) => answer[tag] ?? Object.values(answer)[0]);
      if (steps === this.steps) return false;
      this.steps = steps;
      const index = this.slider.update(steps.map((/** @type {number} */ step) => ({ step, wall_time: NaN })));
      await this.#load(index);
      return true;
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** @param {number} index */
  async #load(index) {
    const turn = (this.turn += 1);
    const { run, tag } = this.#question;
    const step = String(this.steps[index]);
    try {
      const [data, histogram] = await Promise.all(["exception_data", "exception_hist"].map((endpoint) => this.book.logs.get(endpoint, { run, tag, step }, (answer) => answer[step] ?? Object.values(answer)[0])));
      if (turn !== this.turn) return;
      this.#show(tensorOf(data), histogram, Number(step), run);
      this.#tell("");
    } catch (error) {
      if (turn === this.turn) this.#failed(error);
    }
  }

  /** @param {import("../data/tensor.js").Tensor} tensor @param {any} histogram @param {number} step @param {string} run */
  #show(tensor, [low, high, buckets], step, run) {
    const { shape, least, most, mean, rows } = tensor;
    fillIn(this.facts, [["Shape", shape.length ? shape.join(" × ") : "one number"], ["Least", figure(least)], ["Greatest", figure(most)], ["Mean", figure(mean)]].map(([name, value]) => el("span", null, el("span", { class: "muted" }, `${name} `), value)));
    this.map.update(tensor);
    this.bars.update(ridgesOf([{ step, wall: 0, low, high, buckets }], Math.max(1, buckets.length)), runColour(this.book, run));
    const box = quartiles(rows.flat());
    fillIn(this.box, box ? boxPlot(box) : el("p", { class: "muted" }, "No finite values."));
    if (box && this.up.value === "") [this.up.value, this.down.value] = [box.up, box.down].map((value) => String(Number(value.toPrecision(4))));
    fillIn(this.outside);
    this.map.mark([]);
  }

  async #find() {
    const { run, tag } = this.#question;
    const step = String(this.steps?.[this.slider.index]);
    try {
      const answer = await this.book.logs.get("exception_box", { run, tag, step, up: this.up.value, down: this.down.value });
      const [values, positions] = answer[step] ?? Object.values(answer)[0];
      this.map.mark(positions);
      const places = positions.slice(0, MOST_LISTED).map((/** @type {number[]} */ at, /** @type {number} */ index) => el("li", { class: "small" }, `${at.join(", ")}: ${values[index] === null ? "not a number" : figure(values[index])}`));
      fillIn(this.outside, el("p", { class: "small" }, `${plural(values.length, "value")} out of bounds${values.length ? ", framed in the heat map" : ""}.`), el("ul", { class: "table-scroll", tabindex: 0, "aria-label": "Values out of bounds" }, places, values.length > MOST_LISTED && el("li", { class: "small muted" }, `and ${values.length - MOST_LISTED} more`)));
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      fillIn(this.outside, el("p", { class: "card-error small", role: "alert" }, error.message));
    }
  }

  /** @param {unknown} error @returns {false} */
  #failed(error) {
    if (!(error instanceof LogError)) throw error;
    this.#tell(error.message);
    return false;
  }

  /** @param {string} text */
  #tell(text) {
    setText(this.message, text);
    show(this.message, text !== "");
  }
}
