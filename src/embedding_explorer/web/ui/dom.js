// @ts-check
/** Making elements. Data only ever becomes text nodes and attributes, never markup. */
import { releaseFocus } from "./focus.js";

/** @typedef {Node|string|number|null|undefined|false} Child what a condition leaves (null, false) is left out */
/** @typedef {Child|Child[]|Child[][]} Children */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "indeterminate", "selected", "readOnly", "draggable"]);

/**
 * Make an element: `el("button", {class: "primary", onclick: save}, "Save")`. `testid` becomes data-testid, functions
 * become listeners, null and false are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>|null} [props]
 * @param {...Children} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  node.append(...present(children));
  return node;
}

/** @param {HTMLElement} node @param {string} name @param {any} value */
function setProp(node, name, value) {
  if (value === null || value === undefined) return;
  if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
  else if (PROPERTIES.has(name)) node[name] = value;
  else if (name === "testid") node.dataset.testid = value;
  else if (value !== false) node.setAttribute(name, value === true ? "" : String(value));
}

/** @param {any[]} children @returns {(Node|string)[]} */
function present(children) {
  const given = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  return /** @type {(Node|string)[]} */ (given.map((child) => (typeof child === "number" ? String(child) : child)));
}

/** Replace what is in an element. @param {Element} node @param {...Children} children */
export function fillIn(node, ...children) {
  releaseFocus(node);
  node.replaceChildren(...present(children));
}

/** Show or hide. @param {HTMLElement} node @param {boolean} shown */
export function show(node, shown) {
  if (node.hidden !== shown) return;
  if (!shown) releaseFocus(node);
  node.hidden = !shown;
}

/** Take an element away. @param {Element} node */
export function takeAway(node) {
  releaseFocus(node);
  node.remove();
}

/** Set text only if it differs, so that live regions stay quiet. @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Call `action` once the calls have paused for `wait` ms.
 * @template {any[]} A
 * @param {(...args: A) => void} action
 * @param {number} wait
 */
export function debounced(action, wait) {
  let timer = 0;
  return (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), wait);
  };
}

let ids = 0;

/** An id for aria references. @param {string} prefix */
export function uniqueId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}
