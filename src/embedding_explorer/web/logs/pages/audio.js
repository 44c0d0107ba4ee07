// @ts-check
/** Sounds: the browser's own player for each tag, its step chosen by a slider. */
import { el, setText } from "../../ui/dom.js";
import { soundWords } from "../data/words.js";
import { runCards } from "../ui/run_cards.js";
import { stepSlider } from "../ui/step_slider.js";

/** @param {import("../data/book.js").Book} book */
export function open(book) {
  return runCards(book, { kind: "audio", endpoint: "audio", label: "Sounds", empty: "No chosen run has such a sound.", parse: (rows) => rows, body: ({ run, tag }) => audioBody(book, run, tag) });
}

/** @param {import("../data/book.js").Book} book @param {string} run @param {string} tag */
function audioBody(book, run, tag) {
  /** @type {any[]} */
  let rows = [];
  const player = el("audio", { controls: true, preload: "metadata", "aria-label": tag, testid: "player" });
  const label = el("p", { class: "small muted sound-label" });
  const draw = (/** @type {number} */ index) => {
    const row = rows[index];
    if (!row) return;
    const url = book.logs.url("audio_raw", { step: row.step, run, tag });
    // What is being listened to is not cut off by a newer one.
    if (player.getAttribute("src") !== url && player.paused) player.src = url;
    setText(label, soundWords(row.label ?? ""));
  };
  const slider = stepSlider({ label: `Step of ${tag}`, onchange: (index) => (player.pause(), draw(index)) });
  return { element: el("div", { class: "stack" }, player, label, slider.element), update: (/** @type {any[]} */ next) => ((rows = next), draw(slider.update(rows))) };
}
