// @ts-check
/** One level of a graph as boxes and arrows. Tab enters it, arrow keys go from box to box, Enter opens a scope. */
import { svg } from "../../charts/svg.js";
import { el } from "../../ui/dom.js";
import { NODE, inside } from "../data/graph.js";

/** @typedef {import("../data/graph.js").PlacedNode} PlacedNode */

const ROOM = 24; // px around
const LETTERS = 21;
const KINDS = 6; // colours

export class GraphView {
  /** @param {{onopen: (uid: string) => void, onpick: (uid: string) => void}} told */
  constructor({ onopen, onpick }) {
    this.onopen = onopen;
    this.onpick = onpick;
    this.kinds = new Map();
    /** @type {Map<string, SVGElement>} */
    this.boxes = new Map();
    /** @type {PlacedNode[]} */
    this.nodes = [];
    this.element = el("div", { class: "graph-view", testid: "graph-view" });
  }

  /** Which category each operation belongs to. @param {{op: string, list: string[]}[]} operators */
  setKinds(operators) {
    this.kinds = new Map(operators.flatMap(({ list }, index) => list.map((op) => [op.toLowerCase().replace(/_/g, ""), index])));
  }

  /** @param {ReturnType<import("../data/graph.js").layout>} drawing @param {string} chosen */
  show({ nodes, edges, width, height }, chosen) {
    const [wide, tall] = [Math.max(0, width) + 2 * ROOM, Math.max(0, height) + 2 * ROOM];
    const root = svg("svg", { width: wide, height: tall, viewBox: `${-ROOM} ${-ROOM} ${wide} ${tall}`, role: "group", "aria-label": "Graph. Arrow keys go from node to node, Enter opens a scope." }, arrow());
    this.boxes = new Map();
    this.nodes = nodes;
    this.edges = edges.map((edge) => ({ ...edge, lines: edgeParts(edge) }));
    root.append(...this.edges.flatMap(({ lines }) => lines), ...nodes.map((place) => this.#box(place)));
    root.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)));
    this.element.replaceChildren(root);
    this.#stop(chosen || nodes[0]?.node.uid);
    this.element.scrollTop = Math.max(0, (tall - this.element.clientHeight) / 2);
    this.element.scrollLeft = 0;
  }

  /** @param {PlacedNode} place */
  #box({ x, y, node }) {
    const scope = node.sub_net?.length > 0;
    const below = scope ? `${inside(node)} nodes inside` : node.op || "";
    const kind = this.kinds.get(plainOp(node.op));
    const box = svg("g", { class: `graph-node${scope ? " scope" : ""}`, transform: `translate(${x} ${y})`, role: "button", tabindex: -1, "aria-label": `${node.label}${below ? `, ${below}` : ""}`, "data-uid": node.uid },
      svg("title", {}, node.uid),
      svg("rect", { class: "frame", width: NODE.width, height: NODE.height, rx: scope ? 9 : 4 }),
      ...(kind === undefined ? [] : [svg("rect", { class: `kind series-${kind % KINDS}`, width: 5, height: NODE.height - 8, x: 3, y: 4, rx: 2 })]),
      svg("text", { x: 14, y: below ? 17 : 24 }, cut(node.label)), below ? svg("text", { class: "sub", x: 14, y: 32 }, cut(below)) : "");
    box.addEventListener("click", () => this.#choose(node.uid));
    box.addEventListener("dblclick", () => scope && this.onopen(node.uid));
    this.boxes.set(node.uid, box);
    return box;
  }

  /** @param {string} uid */
  #choose(uid) {
    this.#stop(uid);
    this.boxes.get(uid)?.focus();
    this.onpick(uid);
  }

  /** Where the tab key enters. @param {string|undefined} uid */
  #stop(uid) {
    for (const [each, box] of this.boxes) box.setAttribute("tabindex", each === uid ? "0" : "-1");
  }

  /** Draw a node and its edges so that they stand out. @param {string} uid */
  mark(uid) {
    for (const [each, box] of this.boxes) box.classList.toggle("chosen", each === uid);
    for (const { from, to, lines } of this.edges ?? []) for (const line of lines) line.classList.toggle("near", from.node.uid === uid || to.node.uid === uid);
  }

  /** @param {string} uid */
  focus(uid) {
    const box = this.boxes.get(uid);
    this.#stop(uid);
    box?.focus();
    box?.scrollIntoView({ block: "center", inline: "center" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const uid = /** @type {Element|null} */ (document.activeElement)?.closest("[data-uid]")?.getAttribute("data-uid");
    const here = this.nodes.find(({ node }) => node.uid === uid);
    if (!here) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (event.key === "Enter" && here.node.sub_net?.length) return this.onopen(here.node.uid);
      return this.#choose(here.node.uid);
    }
    const next = beside(this.nodes, here, event.key);
    if (next === undefined) return undefined;
    event.preventDefault();
    if (next) this.#choose(next.node.uid);
    return undefined;
  }
}

/** The nearest node in a direction; null without any, undefined for other keys. @param {PlacedNode[]} nodes @param {PlacedNode} here @param {string} key @returns {PlacedNode|null|undefined} */
export function beside(nodes, here, key) {
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  if (!way) return undefined;
  const far = (/** @type {PlacedNode} */ { x, y }) => {
    const along = (x - here.x) * way[0] + (y - here.y) * way[1];
    const across = Math.abs((x - here.x) * way[1]) + Math.abs((y - here.y) * way[0]);
    return along > 1 ? along + 2 * across : Infinity;
  };
  const best = nodes.reduce((found, node) => (far(node) < far(found) ? node : found), here);
  return best === here ? null : best;
}

/** @param {import("../data/graph.js").PlacedEdge} edge @returns {SVGElement[]} */
function edgeParts({ from, to, info, num, control }) {
  const [x0, y0] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x1, y1] = [to.x - 3, to.y + NODE.height / 2];
  const bend = x1 > x0 ? Math.min(60, (x1 - x0) / 2) : 60;
  // What leads back, or skips layers in the same row, bows around the boxes between.
  const bow = x1 <= x0 || (y0 === y1 && x1 - x0 > NODE.across + 8) ? NODE.height : 0;
  const line = svg("path", { class: `graph-edge${control ? " control" : ""}`, d: `M${x0} ${y0}C${x0 + bend} ${y0 + bow} ${x1 - bend} ${y1 + bow} ${x1} ${y1}`, "marker-end": "url(#graph-arrow)" }, svg("title", {}, `${from.node.uid} → ${to.node.uid}${info ? ` ${info}` : ""}`));
  const text = num > 1 ? `${num} tensors` : info;
  if (!text || x1 - x0 > NODE.across + 8 || x1 <= x0) return [line];
  return [line, svg("text", { class: "graph-edge-text halo", x: (x0 + x1) / 2, y: (y0 + y1) / 2 - 4, "text-anchor": "middle" }, text.length > 16 ? `${text.slice(0, 15)}…` : text)];
}

function arrow() {
  return svg("defs", {}, svg("marker", { id: "graph-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", fill: "context-stroke" })));
}

/** An operation as the categories spell it. @param {string} op */
function plainOp(op) {
  return op.toLowerCase().split("::").pop()?.replace(/_/g, "") ?? "";
}

/** @param {string} text */
function cut(text) {
  return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
}
