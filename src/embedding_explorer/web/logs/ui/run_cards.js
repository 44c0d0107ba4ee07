// @ts-check
/** A page of cards, one for each tag of each chosen run: all kinds but scalars. */
import { el } from "../../ui/dom.js";
import { followTheme } from "../../charts/follow_theme.js";
import { grouped, matcher } from "../data/categories.js";
import { runColour } from "./colours.js";
import { cardFrame, Deck, deckTools, runBadge } from "./deck.js";

/**
 * @typedef {object} Body
 * @property {any} element
 * @property {any} [actions]
 * @property {(data: any) => void} update
 */

/**
 * @param {import("../data/book.js").Book} book
 * @param {{kind: string, endpoint: string, label: string, empty: string, cards?: string, parse: (rows: any[]) => any, body: (facts: {run: string, tag: string, colour: () => string}) => Body, tools?: any[]}} options
 * @returns {import("./stage.js").Page & {deck: Deck}}
 */
export function runCards(book, { kind, endpoint, label, empty, cards = "", parse, body, tools = [] }) {
  const deck = new Deck({ label, empty, kind: cards });
  /** @param {string} run @param {string} tag @returns {import("./deck.js").Card} */
  const make = (run, tag) => {
    const made = body({ run, tag, colour: () => runColour(book, run) });
    let shown = /** @type {any} */ (null);
    return {
      element: cardFrame({ tag, sub: runBadge(run, runColour(book, run)), actions: made.actions, body: made.element, testid: `${kind}-card` }),
      update: () => shown && made.update(shown),
      refresh: async () => {
        const data = await book.logs.get(endpoint, { run, tag }, (answer) => parse(answer[tag] ?? Object.values(answer)[0] ?? []));
        if (data === shown) return false;
        shown = data;
        made.update(data);
        return true;
      },
    };
  };
  const update = () => {
    const { categories, chosen, filter } = book.state;
    const groups = grouped(categories ?? {}, chosen, kind, matcher(filter));
    deck.set(groups.flatMap(({ name, tags }) => tags.flatMap(({ tag, runs }) => runs.map((run) => ({ key: `${run}\n${tag}`, group: name, make: () => make(run, tag) })))));
  };
  followTheme(deck, (each) => each.update());
  update();
  return { deck, element: el("div", null, deckTools(book, ...tools), deck.element), update, refresh: () => deck.refresh(), close: () => deck.close() };
}
