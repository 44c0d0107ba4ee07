// @ts-check
/** Distributions: bands of percentiles over steps. */
import { Bands } from "../../charts/bands.js";
import { quantilesOf } from "../data/histograms.js";
import { runCards } from "../ui/run_cards.js";

/** @param {import("../data/book.js").Book} book */
export function open(book) {
  return runCards(book, {
    kind: "histogram", endpoint: "distribution", label: "Distributions", empty: "No chosen run has such a distribution.", cards: "wide", parse: quantilesOf,
    body: ({ tag, colour }) => {
      const chart = new Bands({ label: tag, height: 220, testid: "bands" });
      return { element: chart.element, update: (rows) => chart.update(rows, colour()) };
    },
  });
}
