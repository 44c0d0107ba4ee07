// @ts-check
/** Which of a tag's records is shown: a slider over them, which stays at the newest while they grow. */
import { el, setText, show } from "../../ui/dom.js";
import { count } from "../../ui/format.js";
import { moment } from "../../charts/axes.js";

/** @typedef {{step: number, wall_time: number}} Record_ */

/** @param {{label: string, onchange: (index: number) => void}} options */
export function stepSlider({ label, onchange }) {
  /** @type {Record_[]} */
  let records = [];
  let newest = true;
  const text = el("span", { class: "small step-text", testid: "step-text" });
  const slider = el("input", { type: "range", class: "slider", min: 0, max: 0, step: 1, value: "0", "aria-label": label, testid: "step-slider", oninput: () => {
    newest = Number(slider.value) === records.length - 1;
    tell();
    onchange(Number(slider.value));
  } });
  const tell = () => {
    const record = records[Number(slider.value)];
    const time = record ? moment(record.wall_time) : "";
    setText(text, record ? `step ${count(record.step)}` : "");
    text.title = time;
    slider.setAttribute("aria-valuetext", record ? `step ${count(record.step)}, ${time}` : "none");
  };
  /** @param {Record_[]} next @returns {number} which one is shown now */
  const update = (next) => {
    const before = Number(slider.value);
    records = next;
    slider.max = String(Math.max(0, records.length - 1));
    slider.value = String(newest ? records.length - 1 : Math.min(before, records.length - 1));
    show(slider, records.length > 1);
    tell();
    return Number(slider.value);
  };
  return { element: el("div", { class: "row step-row" }, slider, text), update, get index() { return Number(slider.value); } };
}
