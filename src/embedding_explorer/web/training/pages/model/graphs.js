// @ts-check
/** The curves of a training. */
import { LineChart } from "../../../charts/line_chart.js";
import { seriesOf } from "../../../charts/series.js";
import { el, show } from "../../../ui/dom.js";

/** @param {number} [height] px @returns {{element: HTMLElement, update: (graph: any) => void}} */
export function graphs(height = 280) {
  const main = new LineChart({ label: "Losses and accuracies", xLabel: "epoch", leftLabel: "loss", rightLabel: "accuracy, %", height, testid: "training-chart" });
  const rate = new LineChart({ label: "Learning rate", xLabel: "epoch", leftLabel: "learning rate", height: Math.round(height / 2), controls: false, testid: "rate-chart" });
  const second = el("div", null, rate.element);
  const element = el("section", { class: "card padded stack-3", "aria-label": "Training" }, main.element, second);
  let last = "";
  const update = (/** @type {any} */ graph) => {
    const now = JSON.stringify([graph.combined_graph, graph.lr_graph]);
    if (now === last) return;
    last = now;
    main.update(seriesOf(graph.combined_graph));
    rate.update(seriesOf(graph.lr_graph));
    show(second, graph.lr_graph !== null);
  };
  return { element, update };
}
