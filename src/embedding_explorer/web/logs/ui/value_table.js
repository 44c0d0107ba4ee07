// @ts-check
/** What lines say in figures: of each run the first, least, greatest and last value. */
import { extentOf } from "../../charts/scale.js";
import { el, fillIn } from "../../ui/dom.js";
import { count, figure } from "../../ui/format.js";
import { smooth } from "../../charts/points.js";

const HEADS = ["Run", "Values", "Last step", "Last", "Smoothed", "Least", "Greatest"];

/** @param {import("../data/book.js").Book} book */
export function valueTable(book) {
  const body = el("tbody");
  const element = el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Values of the runs" },
    el("table", { class: "table", testid: "values" }, el("thead", null, el("tr", null, HEADS.map((head, index) => el("th", { scope: "col", class: index ? "number" : null }, head)))), body));
  /** @param {{run: string, data: import("../data/series.js").Placed}[]} lines */
  const update = (lines) => fillIn(body, lines.map(({ run, data }) => {
    const range = extentOf(data.y);
    const last = data.y.length - 1;
    const cells = [count(data.y.length), figure(data.step[last]), figure(data.y[last]), figure(smooth(data.y, book.state.weight)[last]), figure(range?.low ?? NaN), figure(range?.high ?? NaN)];
    return el("tr", null, el("th", { scope: "row", class: "run-cell" }, run), cells.map((text) => el("td", { class: "number" }, text)));
  }));
  return { element, update };
}
