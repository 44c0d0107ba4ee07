// @ts-check
/** A list or grid of any length that only makes the elements one can see. It is one stop of the tab key; arrow keys walk through it. */
import { el } from "../dom.js";
import { windowOf } from "../state/legend_model.js";

/**
 * @template T
 * @typedef {object} VirtualOptions
 * @property {number} rowHeight px
 * @property {(item: T, index: number) => HTMLElement} render an <li> that holds one or more buttons
 * @property {string} label
 * @property {() => number} [columns] how many items a row holds
 * @property {string} [kind] class
 * @property {string} [testid]
 */

/** @template T */
export class VirtualList {
  /** @param {VirtualOptions<T>} options */
  constructor({ rowHeight, render, label, columns = () => 1, kind = "", testid }) {
    this.rowHeight = rowHeight;
    this.render = render;
    this.columns = columns;
    /** @type {T[]} */
    this.items = [];
    this.stop = 0; // where the tab key enters
    this.drawn = "";
    this.filler = el("div", { class: "virtual-filler" });
    this.content = el("ul", { class: "virtual-content", "aria-label": label, testid });
    this.element = el("div", { class: `virtual ${kind}`.trim(), tabindex: -1, onscroll: () => this.draw(), onkeydown: (event) => this.#walk(event) }, this.filler, this.content);
    this.content.addEventListener("focusin", () => this.#enter());
    // While it is hidden it keeps its elements: one of them may get the focus back.
    new ResizeObserver(() => this.element.clientHeight && this.draw()).observe(this.element);
  }

  /** Show other items; `keep` leaves the scroll position. @param {T[]} items @param {{keep?: boolean}} [options] */
  set(items, { keep = false } = {}) {
    this.items = items;
    this.drawn = "";
    if (!keep) [this.element.scrollTop, this.stop] = [0, 0];
    this.draw();
  }

  /** Make the elements of what is in the window now. */
  draw() {
    const columns = Math.max(1, this.columns());
    const rows = Math.ceil(this.items.length / columns);
    this.filler.style.height = `${rows * this.rowHeight}px`;
    const [first, last] = windowOf(this.element.scrollTop, this.element.clientHeight || 400, this.rowHeight, rows);
    const state = `${first} ${last} ${columns} ${this.items.length}`;
    if (state === this.drawn) return;
    this.drawn = state;
    this.#fill(first * columns, Math.min(this.items.length, last * columns));
    this.content.style.transform = `translateY(${first * this.rowHeight}px)`;
  }

  /** @param {number} from @param {number} to */
  #fill(from, to) {
    const focused = this.#focused();
    const nodes = this.items.slice(from, to).map((item, at) => {
      const node = this.render(item, from + at);
      node.setAttribute("aria-setsize", String(this.items.length));
      node.setAttribute("aria-posinset", String(from + at + 1));
      node.dataset.index = String(from + at);
      return node;
    });
    this.content.replaceChildren(...nodes);
    this.#markStop();
    if (focused) this.focus(focused.index, focused.button);
  }

  /** Only one of the buttons is reached by the tab key. */
  #markStop() {
    for (const button of this.content.querySelectorAll("button")) button.tabIndex = -1;
    const stop = this.#node(this.stop) ?? this.content.firstElementChild;
    const button = stop?.querySelector("button");
    if (button) button.tabIndex = 0;
  }

  #enter() {
    const focused = this.#focused();
    if (!focused || focused.index === this.stop) return;
    this.stop = focused.index;
    this.#markStop();
  }

  /** @param {number} index @returns {HTMLElement|null} */
  #node(index) {
    return this.content.querySelector(`[data-index="${index}"]`);
  }

  /** Which item has the focus, and which of its buttons. @returns {{index: number, button: number}|null} */
  #focused() {
    const node = /** @type {HTMLElement|null} */ (document.activeElement?.closest?.("[data-index]"));
    if (!node || !this.content.contains(node)) return null;
    const button = [...node.querySelectorAll("button")].indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    return { index: Number(node.dataset.index), button: Math.max(0, button) };
  }

  /** Scroll an item into the window and give it the focus. @param {number} index @param {number} [button] which of its buttons */
  focus(index, button = 0) {
    this.reveal(index);
    this.#node(index)?.querySelectorAll("button")[button]?.focus({ preventScroll: true });
  }

  /** Scroll an item into the window. @param {number} index */
  reveal(index) {
    const top = Math.floor(index / Math.max(1, this.columns())) * this.rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight > scrollTop + clientHeight) this.element.scrollTop = top + this.rowHeight - clientHeight;
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const focused = this.#focused();
    if (!focused) return;
    const columns = Math.max(1, this.columns());
    const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
    const buttons = this.#node(focused.index)?.querySelectorAll("button") ?? [];
    if (aside && buttons.length > 1) return this.#walkInside(event, buttons[focused.button + aside]);
    const move = aside || { ArrowDown: columns, ArrowUp: -columns }[event.key];
    const to = { Home: 0, End: this.items.length - 1 }[event.key] ?? focused.index + (move ?? NaN);
    if (!(to >= 0 && to < this.items.length)) return;
    event.preventDefault();
    event.stopPropagation();
    this.focus(to, focused.button);
  }

  /** From one button of an item to the next. @param {KeyboardEvent} event @param {HTMLElement|undefined} button */
  #walkInside(event, button) {
    event.preventDefault();
    event.stopPropagation();
    button?.focus({ preventScroll: true });
  }
}
