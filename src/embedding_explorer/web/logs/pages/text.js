// @ts-check
/** Texts, as they are: what looks like markup in them stays text. */
import { el, setText } from "../../ui/dom.js";
import { count } from "../../ui/format.js";
import { runCards } from "../ui/run_cards.js";
import { stepSlider } from "../ui/step_slider.js";

const MOST = 200_000; // characters of one text; more would make the page slow

/** @param {import("../data/book.js").Book} book */
export function open(book) {
  return runCards(book, {
    kind: "text", endpoint: "text", label: "Texts", empty: "No chosen run has such a text.", cards: "wide", parse: (rows) => rows,
    body: ({ tag }) => {
      /** @type {any[]} */
      let rows = [];
      const text = el("pre", { class: "log-text", tabindex: 0, "aria-label": tag, role: "region", testid: "text" });
      const draw = (/** @type {number} */ index) => {
        const value = String(rows[index]?.value ?? "");
        setText(text, value.length > MOST ? `${value.slice(0, MOST)}\n… ${count(value.length - MOST)} more characters` : value);
      };
      const slider = stepSlider({ label: `Step of ${tag}`, onchange: draw });
      return { element: el("div", { class: "stack" }, text, slider.element), update: (next) => ((rows = next), draw(slider.update(rows))) };
    },
  });
}
