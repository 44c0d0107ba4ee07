// @ts-check
/** Fields of forms: a label, a control, a line of help, and what is wrong with it, tied together for all readers. */
import { el, fillIn, show, uniqueId } from "../../ui/dom.js";

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {any} input its control
 * @property {(reasons: string[]) => void} fail show what is wrong; nothing takes it away
 */

/**
 * Wrap a control.
 * @param {any} input
 * @param {{name: string, label: string, help?: string|Node, kind?: string}} options
 * @returns {Field}
 */
export function fieldOf(input, { name, label, help, kind = "" }) {
  const id = input.id || uniqueId("field");
  const [helpId, errorId] = [`${id}-help`, `${id}-error`];
  input.id = id;
  const errors = el("p", { class: "field-error", id: errorId, hidden: true });
  input.setAttribute("aria-describedby", [help ? helpId : "", errorId].join(" ").trim());
  const element = el("div", { class: `field ${kind}`.trim(), "data-field": name },
    el("label", { for: id }, label), input, help ? el("p", { class: "field-help", id: helpId }, help) : null, errors);
  const fail = (/** @type {string[]} */ reasons) => {
    show(errors, reasons.length > 0);
    fillIn(errors, reasons.join(" "));
    if (reasons.length) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  input.addEventListener("input", () => fail([]));
  fields.set(element, { element, input, fail });
  return { element, input, fail };
}

/** Field elements of this page → what they can do. */
export const fields = new WeakMap();

/**
 * A line of text or a number.
 * @param {{name: string, label: string, value?: any, help?: string, type?: string, testid?: string, kind?: string, [more: string]: any}} options
 * @returns {Field}
 */
export function textField({ name, label, value = "", help, type = "text", testid, kind, ...more }) {
  const input = el("input", { class: "input", type, name, autocomplete: "off", testid: testid ?? name, ...more });
  input.value = value ?? "";
  if (type === "text") input.setAttribute("spellcheck", "false");
  return fieldOf(input, { name, label, help, kind });
}

/** A number, which may be blank. @param {any} options as of `textField`, with `min`, `max`, `step` */
export function numberField(options) {
  return textField({ type: "number", inputmode: "decimal", step: 1, ...options });
}

/**
 * A choice out of a few.
 * @param {{name: string, label: string, options: {value: string, label: string, group?: string}[], value?: string, help?: string, testid?: string, kind?: string}} options
 * @returns {Field}
 */
export function choiceField({ name, label, options, value, help, testid, kind }) {
  const input = el("select", { class: "select", name, testid: testid ?? name });
  setOptions(input, options, value);
  return fieldOf(input, { name, label, help, kind });
}

/** @param {HTMLSelectElement} input @param {{value: string, label: string}[]} options @param {string} [value] */
export function setOptions(input, options, value) {
  fillIn(input, options.map((each) => el("option", { value: each.value, selected: each.value === value }, each.label)));
  if (value !== undefined && options.some((each) => each.value === value)) input.value = value;
}

/**
 * A box to tick: sent as "1" where it is ticked.
 * @param {{name: string, label: string, checked?: boolean, help?: string, testid?: string, onchange?: (on: boolean) => void}} options
 * @returns {Field}
 */
export function tickField({ name, label, checked = false, help, testid, onchange }) {
  const input = el("input", { type: "checkbox", name, value: "1", testid: testid ?? name, onchange: () => onchange?.(input.checked) });
  input.checked = checked;
  const errors = el("p", { class: "field-error", hidden: true });
  const element = el("div", { class: "field", "data-field": name }, el("label", { class: "check" }, input, el("span", { class: "grow" }, label, help ? el("span", { class: "field-help block" }, help) : null)), errors);
  const fail = (/** @type {string[]} */ reasons) => (fillIn(errors, reasons.join(" ")), show(errors, reasons.length > 0));
  input.addEventListener("sync", () => onchange?.(input.checked));
  fields.set(element, { element, input, fail });
  return { element, input, fail };
}

/**
 * A text of several lines.
 * @param {{name: string, label: string, value?: string, help?: string|Node, rows?: number, testid?: string}} options
 * @returns {Field}
 */
export function areaField({ name, label, value = "", help, rows = 4, testid }) {
  const input = el("textarea", { class: "input area", name, rows, spellcheck: "false", testid: testid ?? name });
  input.value = value;
  return fieldOf(input, { name, label, help });
}

/** Parts of a form with a heading. @param {string} title @param {...any} children */
export function section(title, ...children) {
  return el("fieldset", { class: "card form-section" }, el("legend", null, title), children);
}

/** Fields side by side. @param {...any} children */
export function grid(...children) {
  return el("div", { class: "form-grid" }, children);
}
