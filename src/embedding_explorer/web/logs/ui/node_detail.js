// @ts-check
/** What a node of a graph is: operation, attributes, where its edges lead and come from. */
import { el } from "../../ui/dom.js";
import { plural } from "../../ui/format.js";
import { button } from "../../ui/parts/controls.js";
import { inside } from "../data/graph.js";

const MOST = 60; // edges of each list
const LONGEST = 4000; // characters of an attribute

/** @typedef {import("../data/graph.js").GraphNode} GraphNode */

/** @param {GraphNode} node @param {Map<string, GraphNode>} index @param {{go: (uid: string) => void, enter: (uid: string) => void}} ways */
export function nodeDetail(node, index, { go, enter }) {
  const inputs = [...index.values()].flatMap((other) => other.targets.filter(({ id }) => id === node.uid).map((target) => ({ ...target, id: other.uid })));
  const attributes = Object.entries(node.attrs && typeof node.attrs === "object" ? node.attrs : {});
  return [
    el("div", null, el("h2", { class: "path" }, node.label), el("p", { class: "small muted path" }, node.uid)),
    el("dl", { class: "facts small" }, node.op ? [el("dt", null, "Operation"), el("dd", null, node.op)] : null, node.sub_net?.length ? [el("dt", null, "Inside"), el("dd", null, plural(inside(node), "node"))] : null),
    node.sub_net?.length ? button("Open this scope", { kind: "small", onclick: () => enter(node.uid), testid: "open-scope" }) : null,
    edges("Inputs", inputs, index, go), edges("Outputs", node.targets, index, go),
    attributes.length ? el("div", null, el("h3", null, "Attributes"), el("dl", { class: "stack" }, attributes.map(([name, value]) => [el("dt", { class: "small muted" }, name), el("dd", null, el("pre", { class: "attribute", tabindex: 0 }, told(value)))]))) : null,
  ];
}

/** @param {string} head @param {{id: string, info: string, num?: number}[]} list @param {Map<string, GraphNode>} index @param {(uid: string) => void} go */
function edges(head, list, index, go) {
  if (!list.length) return null;
  const line = (/** @type {{id: string, info: string, num?: number}} */ { id, info, num = 1 }) => el("li", { class: "small" },
    index.has(id) ? el("button", { type: "button", class: "link", onclick: () => go(id) }, id) : id, info || num > 1 ? el("span", { class: "muted" }, ` ${num > 1 ? `${num} × ` : ""}${info}`) : null);
  return el("div", null, el("h3", null, `${head} (${list.length})`), el("ul", null, list.slice(0, MOST).map(line), list.length > MOST ? el("li", { class: "small muted" }, `and ${list.length - MOST} more`) : null));
}

/** @param {any} value */
function told(value) {
  const text = typeof value === "string" ? value : Array.isArray(value) && value.every((each) => typeof each === "string") ? value.join(", ") : JSON.stringify(value, null, 1);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
