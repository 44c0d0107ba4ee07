// @ts-check
/** Graphs: one level of scopes at a time, what a node is beside it, a search over all of them. */
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { plural } from "../../ui/format.js";
import { LogError } from "../data/api.js";
import { tagsOf } from "../data/categories.js";
import { above, graphsOf, indexOf, layout, search } from "../data/graph.js";
import { chooser, pairOf, plain, splitPair } from "../ui/choices.js";
import { nodeDetail } from "../ui/node_detail.js";
import { GraphView } from "../ui/graph_view.js";

const NAMES = { c_graph: "computation graph", s_graph: "structure graph" };
const MOST_FOUND = 40;
const MOST_DRAWN = 1500; // nodes of one level

/** @param {import("../data/book.js").Book} book @returns {import("../ui/stage.js").Page} */
export function open(book) {
  const page = new Graphs(book);
  return { element: page.element, update: () => page.update(), refresh: async () => false };
}

class Graphs {
  /** @param {import("../data/book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.shown = "";
    /** @type {Map<string, import("../data/graph.js").GraphNode>} */
    this.index = new Map();
    this.scope = "";
    this.graph = chooser({ label: "Graph", testid: "graph", onchange: () => void this.load() });
    this.model = chooser({ label: "Model", testid: "model", onchange: () => this.#model() });
    this.wish = el("input", { class: "input", type: "search", placeholder: "Search nodes", "aria-label": "Search nodes by name or operation", testid: "node-search", oninput: () => this.#search(), onkeydown: (event) => event.key === "Enter" && /** @type {HTMLElement|null} */ (this.found.querySelector("button"))?.click() });
    this.found = el("div", { class: "found-list", hidden: true, testid: "nodes-found", onkeydown: (event) => event.key === "Escape" && (show(this.found, false), this.wish.focus()) });
    this.crumbs = el("nav", { class: "crumbs", "aria-label": "Scopes", testid: "crumbs" });
    this.view = new GraphView({ onopen: (uid) => this.enter(uid), onpick: (uid) => this.pick(uid) });
    this.detail = el("aside", { class: "card graph-side", "aria-label": "Node", "aria-live": "polite", testid: "node" });
    this.message = el("p", { class: "note", hidden: true, role: "status" });
    this.element = el("div", null, el("div", { class: "deck-tools", role: "group", "aria-label": "Options" }, this.graph.element, this.model.element, el("div", { class: "graph-search" }, this.wish, this.found)),
      this.message, this.crumbs, el("div", { class: "graph" }, this.view.element, this.detail));
    this.update();
  }

  update() {
    const { categories, chosen } = this.book.state;
    const pairs = chosen.flatMap((run) => tagsOf(categories?.[run], "graph").map((tag) => ({ value: pairOf(run, tag), label: `${run}: ${NAMES[tag] ?? tag}` })));
    this.graph.set(pairs);
    if (!pairs.length) setText(this.message, "No chosen run has a graph.");
    show(this.message, !pairs.length);
    if (pairs.length && this.graph.value !== this.shown) void this.load();
  }

  async load() {
    const [run, tag] = splitPair((this.shown = this.graph.value));
    try {
      const { graphs, operator } = await this.book.logs.get("graph", { run, tag }, graphsOf);
      if (this.shown !== this.graph.value) return;
      this.view.setKinds(operator);
      this.graphs = graphs;
      show(this.message, false);
      this.model.set(plain(graphs.keys()).map(({ value }) => ({ value, label: `${Number(value) + 1} of ${graphs.length}` })));
      show(this.model.element, graphs.length > 1);
      this.#model();
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      setText(this.message, error.message);
      show(this.message, true);
    }
  }

  #model() {
    this.nodes = this.graphs?.[Number(this.model.value)] ?? [];
    this.index = indexOf(this.nodes);
    this.enter("");
  }

  /** Show the inside of a scope. @param {string} uid empty for the whole graph @param {string} [chosen] */
  enter(uid, chosen = "") {
    this.scope = uid;
    const nodes = uid ? this.index.get(uid)?.sub_net ?? [] : this.nodes ?? [];
    this.view.show(layout(nodes.slice(0, MOST_DRAWN)), chosen);
    if (nodes.length > MOST_DRAWN) setText(this.message, `This level has ${plural(nodes.length, "node")}; the first ${MOST_DRAWN} are drawn. The search finds all.`);
    show(this.message, nodes.length > MOST_DRAWN);
    this.#crumbs();
    this.pick(chosen || uid);
  }

  #crumbs() {
    const path = this.scope ? [...above(this.index, this.scope), this.index.get(this.scope)] : [];
    const crumb = (/** @type {string} */ label, /** @type {string} */ uid) => el("button", { type: "button", class: "button quiet small", title: uid || null, "aria-current": uid === this.scope ? "location" : null, onclick: () => this.enter(uid) }, label);
    fillIn(this.crumbs, crumb(`Whole graph (${plural(this.index.size, "node")})`, ""), path.flatMap((node) => (node ? [el("span", { class: "muted", "aria-hidden": "true" }, "/"), crumb(node.label, node.uid)] : [])));
  }

  /** Tell about a node. @param {string} uid */
  pick(uid) {
    this.view.mark(uid);
    const node = this.index.get(uid);
    fillIn(this.detail, node ? nodeDetail(node, this.index, { go: (target) => this.go(target), enter: (target) => this.enter(target) }) : el("p", { class: "muted" }, "Choose a node to read about it. Scopes, in colour, open by a double click or by Enter."));
  }

  /** Show a node where it lies. @param {string} uid */
  go(uid) {
    const node = this.index.get(uid);
    if (!node) return;
    const parent = this.index.has(node.parent) ? node.parent : "";
    this.enter(parent, uid);
    this.view.focus(uid);
  }

  #search() {
    const found = search(this.index, this.wish.value, MOST_FOUND);
    show(this.found, this.wish.value.trim() !== "");
    fillIn(this.found, found.length ? found.map(({ uid, op }) => el("button", { type: "button", onclick: () => {
      show(this.found, false);
      this.go(uid);
    } }, uid, op ? el("span", { class: "muted small" }, ` ${op}`) : null)) : el("p", { class: "muted small" }, "No node is called so."));
  }
}
