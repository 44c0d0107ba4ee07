// @ts-check
/** What training does to pictures before it shows them to the network. */
import { el } from "../../../ui/dom.js";
import { choiceField, grid, numberField, tickField } from "../../ui/fields.js";

/** @returns {HTMLElement} */
export function augmentation() {
  const shifts = el("fieldset", { class: "panel form-grid", disabled: true, hidden: true, "aria-label": "Shifts of colour" },
    [["aug_hsv_h", "Hue", 0.02], ["aug_hsv_s", "Saturation", 0.04], ["aug_hsv_v", "Value", 0.06]].map(([name, label, value]) => numberField({ name: String(name), label: String(label), value, min: 0, max: 0.5, step: "any" }).element));
  const number = (/** @type {string} */ name, /** @type {string} */ label, /** @type {number} */ max, /** @type {string} */ help) => numberField({ name, label, value: 0, min: 0, max, step: name === "aug_rot" ? 1 : "any", help }).element;
  return el("details", { class: "card form-section" }, el("summary", null, "Augmentation: change the pictures while training"), el("div", { class: "stack-3" }, grid(
    choiceField({ name: "aug_flip", label: "Mirror", options: [{ value: "none", label: "No" }, { value: "fliplr", label: "Left and right" }, { value: "flipud", label: "Up and down" }, { value: "fliplrud", label: "Both" }] }).element,
    choiceField({ name: "aug_quad_rot", label: "Quarter turns", options: [{ value: "none", label: "No" }, { value: "rot90", label: "90 or 270 degrees" }, { value: "rot180", label: "180 degrees" }, { value: "rotall", label: "Any" }] }).element,
    number("aug_rot", "Turn by at most, degrees", 180, "0 to 180"), number("aug_scale", "Zoom", 1, "Deviation; 0.07 is usual."), number("aug_noise", "Noise", 1, "Deviation; 0.03 is usual."), number("aug_contrast", "Contrast", 5, "Up to ± this factor.")),
  tickField({ name: "aug_whitening", label: "Whiten each picture", help: "Its own mean and deviation, also when it classifies." }).element,
  tickField({ name: "aug_hsv_use", label: "Shift colours", onchange: (on) => ((shifts.disabled = !on), (shifts.hidden = !on)) }).element, shifts));
}
