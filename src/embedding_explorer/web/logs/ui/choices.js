// @ts-check
/** Choosing a run, a tag and the like from lists that may change while they are open. */
import { el, fillIn } from "../../ui/dom.js";

/**
 * A labelled list of choices.
 * @param {{label: string, testid?: string, onchange: (value: string) => void}} options
 * @returns {{element: HTMLElement, set: (choices: {value: string, label: string}[], value?: string) => string, value: string}}
 */
export function chooser({ label, testid, onchange }) {
  const select = el("select", { class: "select", testid, onchange: () => onchange(select.value) });
  let shown = "";
  return {
    element: el("label", { class: "row small muted chooser" }, label, select),
    get value() {
      return select.value;
    },
    /** Other choices; the present one stays where it is still there. @returns the chosen one */
    set(choices, value = select.value) {
      const text = JSON.stringify(choices);
      if (text !== shown) fillIn(select, choices.map((choice) => el("option", { value: choice.value }, choice.label)));
      shown = text;
      select.value = choices.some((choice) => choice.value === value) ? value : choices[0]?.value ?? "";
      return select.value;
    },
  };
}

/** Texts as choices. @param {Iterable<string|number>} values */
export function plain(values) {
  return [...values].map((value) => ({ value: String(value), label: String(value) }));
}

/** A run and a tag as one value, and back. @param {string} run @param {string} tag */
export function pairOf(run, tag) {
  return JSON.stringify([run, tag]);
}

/** @param {string} pair @returns {[string, string]} */
export function splitPair(pair) {
  return pair ? JSON.parse(pair) : ["", ""];
}
