// @ts-check
/** Short messages at the foot of the page: what was done, what failed, with an action where there is one. */
import { el, takeAway } from "../dom.js";
import { button } from "./controls.js";
import { icon } from "./icons.js";

const STAY = 5000; // ms; errors stay until they are closed

/** @typedef {{level?: "info"|"error"|"warning", action?: {label: string, run: () => void}, testid?: string}} ToastOptions */

/** The place of all messages of a page. */
export class Toasts {
  constructor() {
    this.element = el("div", { class: "toasts", role: "log", "aria-live": "polite", "aria-relevant": "additions" });
  }

  /**
   * Show a message. The same text is never shown twice at a time.
   * @param {string} text
   * @param {ToastOptions} [options]
   */
  show(text, { level = "info", action, testid = "notice" } = {}) {
    for (const old of this.element.children) if (old.querySelector("span")?.textContent === text) takeAway(old);
    const close = () => takeAway(toast);
    const toast = el(
      "div",
      { class: `toast ${level}`, testid },
      level !== "info" && icon("warning"),
      el("span", { class: "grow" }, text),
      action && button(action.label, { onclick: () => (close(), action.run()) }),
      button("Dismiss", { icon: "close", only: true, onclick: close }),
    );
    this.element.append(toast);
    while (this.element.children.length > 3) takeAway(this.element.children[0]);
    if (level === "info") setTimeout(close, action ? STAY * 2 : STAY);
  }
}
