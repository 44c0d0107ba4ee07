// @ts-check
/** Pop-overs and menus under a button. The browser closes them by Escape and by a click elsewhere. */
import { el, uniqueId } from "../dom.js";
import { icon } from "./icons.js";

const EDGE = 8; // px kept free to the window's edge

/**
 * Give a button a pop-over, whose content is made anew each time it opens.
 * @param {HTMLButtonElement} anchor
 * @param {() => (Node|null|undefined|false|0)[]} content what a condition leaves is left out
 * @param {{kind?: string, label: string, role?: string}} options
 * @returns {{element: HTMLElement, close: () => void, refresh: () => void}}
 */
export function attachPopover(anchor, content, { kind = "", label, role = "group" }) {
  const element = el("div", { class: `popover ${kind}`.trim(), id: uniqueId("popover"), popover: "auto", role, "aria-label": label });
  const close = () => element.matches(":popover-open") && element.hidePopover();
  const refresh = () => element.replaceChildren(.../** @type {Node[]} */ (content().filter(Boolean)));
  anchor.setAttribute("aria-haspopup", role === "menu" ? "menu" : "dialog");
  anchor.setAttribute("aria-expanded", "false");
  anchor.setAttribute("popovertarget", element.id);
  anchor.after(element);
  element.addEventListener("beforetoggle", (event) => event.newState === "open" && refresh());
  element.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    anchor.setAttribute("aria-expanded", String(open));
    if (open) place(element, anchor);
    if (open && role === "menu") items(element)[0]?.focus();
  });
  if (role === "menu") element.addEventListener("keydown", (event) => walk(event, element));
  return { element, close, refresh: () => element.matches(":popover-open") && refresh() };
}

/** Under the anchor, moved so that all of it is in the window. @param {HTMLElement} element @param {HTMLElement} anchor */
function place(element, anchor) {
  const at = anchor.getBoundingClientRect();
  const { width, height } = element.getBoundingClientRect();
  const left = Math.min(Math.max(EDGE, at.left), window.innerWidth - width - EDGE);
  const below = at.bottom + 6;
  const top = below + height <= window.innerHeight - EDGE ? below : Math.max(EDGE, at.top - height - 6);
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
}

/** @param {HTMLElement} menu @returns {HTMLElement[]} */
function items(menu) {
  return [...menu.querySelectorAll(".menu-item")].map((item) => /** @type {HTMLElement} */ (item));
}

/** @param {KeyboardEvent} event @param {HTMLElement} menu */
function walk(event, menu) {
  const list = items(menu);
  const at = list.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  list[(to + list.length) % list.length]?.focus();
}

/**
 * One line of a menu.
 * @param {string} label
 * @param {{icon?: string, kind?: string, testid?: string, onclick?: () => void, href?: string, download?: string, close?: () => void}} options
 */
export function menuItem(label, { icon: name, kind = "", testid, onclick, href, download, close }) {
  const shared = { class: `menu-item ${kind}`.trim(), role: "menuitem", testid };
  const children = [name && icon(name), el("span", { class: "grow ellipsis" }, label)];
  const act = () => {
    close?.();
    onclick?.();
  };
  if (href) return el("a", { ...shared, href, download, onclick: act }, children);
  return el("button", { ...shared, type: "button", onclick: act }, children);
}

/** A line between groups of a menu. */
export function menuRule() {
  return el("div", { class: "menu-rule", role: "separator" });
}
