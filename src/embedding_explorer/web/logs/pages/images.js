// @ts-check
/** Images: one at a time of each tag, its step chosen by a slider. */
import { el } from "../../ui/dom.js";
import { button } from "../../ui/parts/controls.js";
import { openDialog } from "../../ui/parts/dialog.js";
import { runCards } from "../ui/run_cards.js";
import { stepSlider } from "../ui/step_slider.js";

const SMALL = 64; // px: pictures below this show their pixels

/** @param {import("../data/book.js").Book} book */
export function open(book) {
  return runCards(book, { kind: "image", endpoint: "image", label: "Images", empty: "No chosen run has such an image.", parse: (rows) => rows, body: ({ run, tag }) => imageBody(book, run, tag) });
}

/** @param {import("../data/book.js").Book} book @param {string} run @param {string} tag */
function imageBody(book, run, tag) {
  /** @type {any[]} */
  let rows = [];
  const picture = el("img", { class: "log-image", alt: "" });
  const draw = (/** @type {number} */ index) => {
    const row = rows[index];
    if (!row) return;
    const url = book.logs.url("image_raw", { step: row.step, run, tag });
    if (picture.getAttribute("src") !== url) picture.src = url;
    picture.alt = `${tag} at step ${row.step} of ${run}, ${row.width} by ${row.height} pixels`;
    picture.classList.toggle("pixels", row.width <= SMALL && row.height <= SMALL);
  };
  const slider = stepSlider({ label: `Step of ${tag}`, onchange: draw });
  const large = button("Full size", { icon: "zoom", kind: "quiet small", only: true, onclick: () => {
    const copy = /** @type {HTMLImageElement} */ (picture.cloneNode());
    copy.classList.add("whole");
    openDialog({ title: `${tag}, step ${rows[slider.index]?.step}`, body: copy, kind: "full", testid: "full", onclose: () => large.focus() });
  } });
  return {
    element: el("div", { class: "stack" }, el("div", { class: "image-frame" }, picture), slider.element), actions: large,
    update: (/** @type {any[]} */ next) => {
      rows = next;
      draw(slider.update(rows));
    },
  };
}
