// @ts-check
/** How much of the map is drawn, whenever that is not all. */
import { el, setText, show } from "../dom.js";
import { count } from "../format.js";

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function shownLine(app) {
  const element = el("p", { class: "shown", testid: "shown" });
  app.view.addEventListener("shown", ({ detail }) => app.store.set({ shown: detail }));
  app.store.on(["shown", "visible", "data"], ({ shown, visible, data }) => {
    const total = data?.total ?? 0;
    const words = sentence(shown, visible, total);
    show(element, Boolean(data) && words !== "");
    setText(element, words);
  }, { now: true });
  return element;
}

/** @param {{drawn: number, total: number, moving: boolean}} shown @param {number} visible @param {number} total */
export function sentence({ drawn, total: all, moving }, visible, total) {
  const possible = Math.min(visible, all || visible);
  if (drawn > 0 && drawn < possible) return `${count(drawn)} of ${count(total)} shown${moving ? " while moving" : ""}`;
  return visible < total ? `${count(visible)} of ${count(total)} shown` : "";
}
