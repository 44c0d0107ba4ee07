// @ts-check
/** Cards of tags in groups. A card asks the server only once it comes into view; in groups that are closed there are none. */
import { el, fillIn, setText, show, uniqueId } from "../../ui/dom.js";
import { plural } from "../../ui/format.js";
import { LogError } from "../data/api.js";
import { shortTag } from "../data/categories.js";

/**
 * @typedef {object} Card
 * @property {HTMLElement} element
 * @property {() => Promise<boolean>} refresh fetch and draw; whether anything was new
 * @property {() => void} [update] draw with other options
 */
/** @typedef {{key: string, group: string, make: () => Card}} Entry */

const AHEAD = "400px";
const OPEN_AT_FIRST = 60; // cards; of more only the first group is open
const AT_ONCE = 24; // cards of a group; others by a button

export class Deck {
  /** @param {{label: string, empty: string, kind?: string}} options */
  constructor({ label, empty, kind = "" }) {
    this.empty = empty;
    this.kind = kind;
    this.element = el("div", { class: "deck", role: "group", "aria-label": label });
    this.none = el("p", { class: "muted empty", hidden: true }, empty);
    this.element.append(this.none);
    /** @type {Map<string, {card: Card, seen: boolean, loaded: boolean}>} */
    this.cards = new Map();
    /** @type {Map<string, Group>} */
    this.groups = new Map();
    this.nodes = new WeakMap();
    this.watcher = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: AHEAD });
  }

  /** Show these cards; those that are there already stay as they are. @param {Entry[]} entries */
  set(entries) {
    const names = [...new Set(entries.map(({ group }) => group))];
    const keys = new Set(entries.map(({ key }) => key));
    for (const key of [...this.cards.keys()]) if (!keys.has(key)) this.#drop(key);
    for (const [name, group] of [...this.groups]) if (!names.includes(name)) (group.element.remove(), this.groups.delete(name));
    const few = entries.length <= OPEN_AT_FIRST;
    names.forEach((name, index) => {
      const group = this.groups.get(name) ?? new Group(this, name, few || index === 0);
      this.groups.set(name, group);
      group.set(entries.filter((entry) => entry.group === name));
      if (this.element.children[index] !== group.element) this.element.insertBefore(group.element, this.element.children[index] ?? this.none);
    });
    show(this.none, names.length === 0);
  }

  /** The card of an entry. @param {Entry} entry */
  card({ key, make }) {
    const known = this.cards.get(key);
    if (known) return known.card;
    const card = make();
    this.cards.set(key, { card, seen: false, loaded: false });
    this.nodes.set(card.element, key);
    this.watcher.observe(card.element);
    return card;
  }

  /** Draw what is in sight with other options. */
  update() {
    for (const { card, loaded } of this.cards.values()) if (loaded) card.update?.();
  }

  /** Fetch what is in sight again. @returns {Promise<boolean>} whether anything was new */
  async refresh() {
    let changed = false;
    for (const [key, entry] of this.cards) if (entry.seen) changed = (await this.#load(key)) || changed;
    return changed;
  }

  close() {
    this.watcher.disconnect();
  }

  /** @param {string} key */
  #drop(key) {
    const entry = this.cards.get(key);
    if (!entry) return;
    this.watcher.unobserve(entry.card.element);
    entry.card.element.remove();
    this.cards.delete(key);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const key = this.nodes.get(target);
      const entry = this.cards.get(key);
      if (!entry) continue;
      entry.seen = isIntersecting;
      if (isIntersecting && !entry.loaded) void this.#load(key);
    }
  }

  /** @param {string} key */
  async #load(key) {
    const entry = this.cards.get(key);
    if (!entry) return false;
    entry.loaded = true;
    const { element } = entry.card;
    try {
      const changed = await entry.card.refresh();
      element.querySelector(".card-error")?.remove();
      return changed;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      const place = element.querySelector(".card-error") ?? element.appendChild(el("p", { class: "card-error small", role: "alert" }));
      setText(place, error.message);
      return false;
    }
  }
}

/** Cards of one group below their heading. */
class Group {
  /** @param {Deck} deck @param {string} name @param {boolean} isOpen */
  constructor(deck, name, isOpen) {
    this.deck = deck;
    this.limit = AT_ONCE;
    /** @type {Entry[]} */
    this.entries = [];
    this.cards = el("div", { class: `cards ${deck.kind}`.trim() });
    this.total = el("span", { class: "muted small" });
    this.more = el("button", { type: "button", class: "button small", hidden: true, onclick: () => ((this.limit = Infinity), this.draw()) });
    this.element = el("details", { class: "tag-group", open: isOpen, ontoggle: () => this.draw() },
      el("summary", null, el("h2", { class: "ellipsis", title: name }, name), this.total), this.cards, this.more);
  }

  /** @param {Entry[]} entries */
  set(entries) {
    this.entries = entries;
    setText(this.total, plural(entries.length, "card"));
    this.draw();
  }

  draw() {
    if (!this.element.open) return;
    const shown = this.entries.slice(0, this.limit);
    const nodes = shown.map((entry) => this.deck.card(entry).element);
    nodes.forEach((node, index) => this.cards.children[index] !== node && this.cards.insertBefore(node, this.cards.children[index] ?? null));
    while (this.cards.children.length > nodes.length) this.cards.lastElementChild?.remove();
    show(this.more, shown.length < this.entries.length);
    setText(this.more, `Show ${plural(this.entries.length - shown.length, "more card")}`);
  }
}

/**
 * The frame of a card: the tag, what belongs to it at the right, a body.
 * @param {{tag: string, sub?: any, actions?: any, body: any, testid?: string}} parts
 */
export function cardFrame({ tag, sub, actions, body, testid = "card" }) {
  const id = uniqueId("tag");
  return el("article", { class: "card tag-card", "aria-labelledby": id, testid },
    el("div", { class: "tag-head" }, el("div", { class: "grow" }, el("h3", { id, class: "tag-name", title: tag }, shortTag(tag)), sub ?? null), actions ?? null), body);
}

/** Text fields and the like over a deck. @param {import("../data/book.js").Book} book @param {...any} more */
export function deckTools(book, ...more) {
  const filter = el("input", { class: "input", type: "search", value: book.state.filter, placeholder: "Filter tags", "aria-label": "Filter tags by a text or a regular expression", testid: "tag-filter", oninput: () => book.store.set({ filter: filter.value }) });
  return el("div", { class: "deck-tools", role: "group", "aria-label": "Options" }, el("div", { class: "tag-filter" }, filter), more);
}

/** A run's name with its colour. @param {string} run @param {string} colour */
export function runBadge(run, colour) {
  const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = colour;
  return el("p", { class: "row small muted run-badge" }, swatch, el("span", { class: "ellipsis", title: run }, run));
}

