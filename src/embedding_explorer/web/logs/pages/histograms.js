// @ts-check
/** Histograms: ridges over steps. */
import { Ridges } from "../../charts/ridges.js";
import { histogramsOf, ridgesOf } from "../data/histograms.js";
import { runCards } from "../ui/run_cards.js";

const BINS = 64;

/** @param {import("../data/book.js").Book} book */
export function open(book) {
  return runCards(book, {
    kind: "histogram", endpoint: "histogram", label: "Histograms", empty: "No chosen run has such a histogram.", cards: "wide",
    parse: (rows) => ridgesOf(histogramsOf(rows), BINS),
    body: ({ tag, colour }) => {
      const chart = new Ridges({ label: tag, height: 280, testid: "ridges" });
      return { element: chart.element, update: (ridges) => chart.update(ridges, colour()) };
    },
  });
}
