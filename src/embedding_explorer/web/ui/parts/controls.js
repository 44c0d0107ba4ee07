// @ts-check
/** Buttons, segmented controls, progress bars: the small parts that panels are made of. */
import { el, fillIn, setText } from "../dom.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} ButtonOptions
 * @property {string} [icon]
 * @property {string} [kind] classes: primary, quiet, danger, small
 * @property {boolean} [only] show the icon alone; the label is its name and tooltip
 * @property {string} [title] tooltip
 * @property {string} [testid]
 * @property {boolean} [pressed] makes it a toggle
 * @property {boolean} [disabled]
 * @property {(event: MouseEvent) => void} [onclick]
 */

/** @param {string} label @param {ButtonOptions} [options] @returns {HTMLButtonElement} */
export function button(label, options = {}) {
  const { icon: name, kind = "", only = false, title, testid, pressed, disabled = false, onclick } = options;
  return el(
    "button",
    {
      type: "button", class: `button ${kind} ${only ? "only" : ""}`.trim(), testid, disabled, onclick,
      title: title ?? (only ? label : null), "aria-label": only ? label : null, "aria-pressed": pressed === undefined ? null : String(pressed),
    },
    name && icon(name),
    !only && label,
  );
}

/** Give a button another label and icon. @param {HTMLButtonElement} node @param {string} label @param {string} [name] */
export function relabel(node, label, name) {
  if (node.classList.contains("only")) {
    node.setAttribute("aria-label", label);
    node.title = label;
    if (name) fillIn(node, icon(name));
  } else fillIn(node, name && icon(name), label);
}

/** @param {HTMLElement} node @param {boolean} on */
export function press(node, on) {
  node.setAttribute("aria-pressed", String(on));
}

/** @typedef {{value: string, label: string, icon?: string, testid?: string, title?: string}} Choice */

/**
 * A few exclusive choices: a radio group whose members are reached by arrow keys.
 * @param {{label: string, choices: Choice[], onchange: (value: string) => void}} options
 * @returns {{element: HTMLElement, set: (value: string) => void, setChoices: (choices: Choice[]) => void}}
 */
export function segmented({ label, choices, onchange }) {
  const element = el("div", { class: "segmented", role: "radiogroup", "aria-label": label });
  let value = "";
  const set = (next) => {
    value = next;
    mark(element, value);
  };
  const setChoices = (list) => {
    fillIn(element, list.map((choice) => choiceButton(choice, onchange)));
    mark(element, value);
  };
  element.addEventListener("keydown", (event) => arrows(event, element));
  setChoices(choices);
  return { element, set, setChoices };
}

/** @param {Choice} choice @param {(value: string) => void} onchange */
function choiceButton(choice, onchange) {
  const name = choice.title ?? choice.label;
  return el(
    "button",
    {
      type: "button", role: "radio", class: choice.icon ? "only" : null, testid: choice.testid, title: choice.title,
      "aria-label": choice.icon ? name : null, "data-value": choice.value, onclick: () => onchange(choice.value),
    },
    choice.icon ? icon(choice.icon) : choice.label,
  );
}

/** @param {HTMLElement} group @param {string} value */
function mark(group, value) {
  const buttons = [...group.querySelectorAll("button")];
  const chosen = buttons.find((each) => each.dataset.value === value) ?? buttons[0];
  for (const each of buttons) {
    each.setAttribute("aria-checked", String(each.dataset.value === value));
    each.tabIndex = each === chosen ? 0 : -1;
  }
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** @param {KeyboardEvent} event @param {HTMLElement} group */
function arrows(event, group) {
  const move = STEPS[event.key];
  if (!move) return;
  const buttons = [...group.querySelectorAll("button")].filter((each) => !each.disabled);
  const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const next = buttons[(at + move + buttons.length) % buttons.length];
  event.preventDefault();
  next?.focus();
  next?.click();
}

/**
 * A progress bar.
 * @param {{label: string, testid?: string, thin?: boolean}} options
 * @returns {{element: HTMLElement, set: (part: number|null, text?: string) => void}} part 0 to 1, null while not known
 */
export function progressBar({ label, testid, thin = false }) {
  const fill = el("div");
  const element = el(
    "div",
    { class: `progress ${thin ? "thin" : ""}`, role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, testid },
    fill,
  );
  const set = (part, text) => {
    element.classList.toggle("unknown", part === null);
    if (part === null) element.removeAttribute("aria-valuenow");
    else element.setAttribute("aria-valuenow", String(Math.round(part * 100)));
    if (text) element.setAttribute("aria-valuetext", text);
    fill.style.width = part === null ? "" : `${(part * 100).toFixed(1)}%`;
  };
  return { element, set };
}

/**
 * A labelled field.
 * @param {string} label
 * @param {HTMLElement} control
 */
export function field(label, control) {
  return el("label", { class: "field" }, el("span", null, label), control);
}

/**
 * A box to tick.
 * @param {string} label
 * @param {{checked?: boolean, testid?: string, note?: string, onchange?: (on: boolean) => void}} options
 */
export function checkbox(label, { checked = false, testid, note, onchange }) {
  const input = el("input", { type: "checkbox", checked, testid, onchange: () => onchange?.(input.checked) });
  const hint = el("span", { class: "muted small" }, note ?? "");
  const element = el("label", { class: "check" }, input, el("span", { class: "grow" }, label, " ", hint));
  return { element, input, setNote: (/** @type {string} */ text) => setText(hint, text) };
}

/** A line of text that says what went wrong. @param {string} text @param {"error"|"warn"|""} [kind] */
export function note(text, kind = "") {
  return el("p", { class: `note ${kind}`.trim(), role: kind === "error" ? "alert" : null }, icon(kind ? "warning" : "info"), el("span", { class: "grow" }, text));
}
