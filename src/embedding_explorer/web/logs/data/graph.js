// @ts-check
/** Graphs: scopes found by name, one level of them laid out in layers from left to right. Pure functions. */

/** @typedef {{label: string, parent: string, uid: string, op: string, layer: number, attrs: any, targets: {id: string, info: string, control?: string, num?: number}[], sub_net: GraphNode[]}} GraphNode */
/** @typedef {{x: number, y: number, node: GraphNode}} PlacedNode */
/** @typedef {{from: PlacedNode, to: PlacedNode, info: string, num: number, control: boolean}} PlacedEdge */

export const NODE = { width: 176, height: 40, across: 84, down: 18 }; // px; across and down: what lies between two

/** What `graph` answers, with or without its texts: a list of graphs. @param {any} answer @returns {{operator: {op: string, list: string[]}[], graphs: GraphNode[][]}} */
export function graphsOf(answer) {
  const read = (/** @type {any} */ value) => (typeof value === "string" ? JSON.parse(value) : value) ?? [];
  const { net, operator } = read(answer);
  const nets = read(net);
  return { operator: read(operator), graphs: Array.isArray(nets[0]) ? nets : [nets] };
}

/** All nodes below some by their name. @param {GraphNode[]} nodes @param {Map<string, GraphNode>} [index] */
export function indexOf(nodes, index = new Map()) {
  for (const node of nodes) {
    index.set(node.uid, node);
    indexOf(node.sub_net ?? [], index);
  }
  return index;
}

/** The scopes around a node, the outermost first. @param {Map<string, GraphNode>} index @param {string} uid @returns {GraphNode[]} */
export function above(index, uid) {
  const found = [];
  for (let node = index.get(index.get(uid)?.parent ?? ""); node && !found.includes(node); node = index.get(node.parent)) found.unshift(node);
  return found;
}

/** Nodes whose name or operation holds a text; names that end so come first. @param {Map<string, GraphNode>} index @param {string} text @param {number} most */
export function search(index, text, most) {
  const wish = text.trim().toLowerCase();
  if (!wish) return [];
  const found = [...index.values()].filter(({ uid, op }) => uid.toLowerCase().includes(wish) || op.toLowerCase().includes(wish));
  const rank = (/** @type {GraphNode} */ { label, uid }) => (label.toLowerCase() === wish ? 0 : label.toLowerCase().startsWith(wish) ? 1 : 2) + uid.length / 1e4;
  return found.sort((a, b) => rank(a) - rank(b)).slice(0, most);
}

/** How many nodes lie below one. @param {GraphNode} node @returns {number} */
export function inside({ sub_net: below = [] }) {
  return below.reduce((sum, node) => sum + 1 + inside(node), 0);
}

/**
 * Nodes of one level in layers by their longest way from a source, ordered within a layer so that edges cross little
 * (barycentre heuristic: Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures, 1981).
 * @param {GraphNode[]} nodes
 * @returns {{nodes: PlacedNode[], edges: PlacedEdge[], width: number, height: number}}
 */
export function layout(nodes) {
  const byId = new Map(nodes.map((node) => [node.uid, node]));
  const links = nodes.flatMap((node) => node.targets.filter(({ id }) => byId.has(id) && id !== node.uid).map((target) => ({ ...target, from: node.uid })));
  const rank = ranks(nodes, links);
  const layers = /** @type {string[][]} */ ([]);
  for (const { uid } of nodes) (layers[rank.get(uid) ?? 0] ??= []).push(uid);
  order(layers, links);
  const tall = Math.max(1, ...layers.map(({ length }) => length));
  const step = NODE.height + NODE.down;
  /** @type {Map<string, PlacedNode>} */
  const places = new Map();
  layers.forEach((layer, column) => layer.forEach((uid, row) => places.set(uid, {
    x: column * (NODE.width + NODE.across), y: row * step + ((tall - layer.length) * step) / 2, node: /** @type {GraphNode} */ (byId.get(uid)),
  })));
  const edges = links.map(({ from, id, info, num = 1, control }) => ({ from: /** @type {PlacedNode} */ (places.get(from)), to: /** @type {PlacedNode} */ (places.get(id)), info, num, control: control === "true" }));
  return { nodes: [...places.values()], edges, width: layers.length * (NODE.width + NODE.across) - NODE.across, height: tall * step - NODE.down };
}

/** Longest way from a source to each node; a link that closes a circle counts for nothing. @param {GraphNode[]} nodes @param {{from: string, id: string}[]} links */
function ranks(nodes, links) {
  const out = new Map(nodes.map(({ uid }) => [uid, /** @type {string[]} */ ([])]));
  for (const { from, id } of links) out.get(from)?.push(id);
  const finished = /** @type {string[]} */ ([]);
  const state = new Map(); // 1: on the way, 2: done
  const forward = /** @type {Map<string, string[]>} */ (new Map());
  for (const { uid } of nodes) {
    // Without recursion: a long chain would be deeper than the stack.
    const stack = state.has(uid) ? [] : [{ uid, next: 0 }];
    while (stack.length) {
      const top = stack[stack.length - 1];
      state.set(top.uid, 1);
      const targets = out.get(top.uid) ?? [];
      if (top.next >= targets.length) {
        state.set(top.uid, 2);
        finished.push(top.uid);
        stack.pop();
        continue;
      }
      const id = targets[top.next];
      top.next += 1;
      if (state.get(id) === 1) continue;
      (forward.get(top.uid) ?? forward.set(top.uid, []).get(top.uid))?.push(id);
      if (!state.has(id)) stack.push({ uid: id, next: 0 });
    }
  }
  const rank = new Map(nodes.map(({ uid }) => [uid, 0]));
  for (const uid of finished.reverse()) for (const id of forward.get(uid) ?? []) rank.set(id, Math.max(rank.get(id) ?? 0, (rank.get(uid) ?? 0) + 1));
  return rank;
}

/** Sort each layer by the middle of what its nodes are linked to, there and back a few times. @param {string[][]} layers @param {{from: string, id: string}[]} links */
function order(layers, links) {
  const before = new Map(), after = new Map();
  const push = (/** @type {Map<string, string[]>} */ map, /** @type {string} */ key, /** @type {string} */ value) => (map.get(key) ?? map.set(key, []).get(key))?.push(value);
  for (const { from, id } of links) {
    push(after, from, id);
    push(before, id, from);
  }
  const place = new Map();
  const note = (/** @type {string[]} */ layer) => layer.forEach((uid, row) => place.set(uid, row - layer.length / 2));
  layers.forEach(note);
  const middle = (/** @type {string[]|undefined} */ others, /** @type {string} */ uid) => (others?.length ? others.reduce((sum, each) => sum + place.get(each), 0) / others.length : place.get(uid));
  for (let round = 0; round < 4; round += 1) {
    const [sides, list] = round % 2 ? [after, [...layers].reverse()] : [before, layers];
    for (const layer of list) {
      const wish = new Map(layer.map((uid) => [uid, middle(sides.get(uid), uid)]));
      layer.sort((a, b) => wish.get(a) - wish.get(b));
      note(layer);
    }
  }
}
