// @ts-check
/** Discs into an array of pixels, nearer ones over farther ones. */

/**
 * @typedef {object} Target
 * @property {number} width
 * @property {number} height
 * @property {Int32Array} pixels ABGR
 * @property {Float32Array} depths
 */

/** From this size on roundness can be seen. */
export const ROUND_FROM = 4;
/** From this size on edges are smooth. */
const SMOOTH_FROM = 5;

/**
 * Rows of full pixels, and single ones that are covered in part.
 * @typedef {{starts: Uint8Array, ends: Uint8Array, edges: {x: number, y: number, share: number}[]}} Disc
 */

/** @type {Disc[]} */
const discs = [];

/** @param {number} size @returns {Disc} */
function disc(size) {
  return (discs[size] ??= makeDisc(size));
}

/** @param {number} size @returns {Disc} */
function makeDisc(size) {
  const starts = new Uint8Array(size), ends = new Uint8Array(size), edges = [];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const share = cover(x, y, size);
      if (share >= (size < SMOOTH_FROM ? 0.4 : 0.95)) {
        if (ends[y] === 0) starts[y] = x;
        ends[y] = x + 1;
      } else if (size >= SMOOTH_FROM && share > 0.1) edges.push({ x, y, share: Math.round(256 * share) });
    }
  }
  return { starts, ends, edges };
}

/** How much of a pixel the disc covers, about. @param {number} x @param {number} y @param {number} size */
function cover(x, y, size) {
  if (size < ROUND_FROM) return 1;
  return Math.min(1, Math.max(0, size / 2 + 0.4 - Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2)));
}

/**
 * @param {Target} target
 * @param {number} left the disc lies within the target
 * @param {number} top
 * @param {number} size pixels
 * @param {number} depth
 * @param {number} colour packed
 */
export function drawDisc({ width, pixels, depths }, left, top, size, depth, colour) {
  const { starts, ends, edges } = disc(size);
  let row = top * width + left;
  for (let y = 0; y < size; y += 1, row += width) {
    const end = row + ends[y];
    for (let at = row + starts[y]; at < end; at += 1) {
      if (depth < depths[at]) {
        depths[at] = depth;
        pixels[at] = colour;
      }
    }
  }
  for (let k = 0; k < edges.length; k += 1) {
    const { x, y, share } = edges[k];
    const at = (top + y) * width + left + x;
    // An edge leaves the depth as it is: it does not hide what lies behind it and is drawn later.
    if (depth < depths[at]) pixels[at] = mix(pixels[at], colour, share);
  }
}

/** @param {number} r @param {number} g @param {number} b @returns {number} packed, as a signed word */
export function pack(r, g, b) {
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

/** Between two packed colours; share of the second, 0 to 256. @param {number} a @param {number} b @param {number} share */
export function mix(a, b, share) {
  const rest = 256 - share;
  const redBlue = ((Math.imul(a & 0xff00ff, rest) + Math.imul(b & 0xff00ff, share)) >>> 8) & 0xff00ff;
  const green = ((Math.imul(a & 0xff00, rest) + Math.imul(b & 0xff00, share)) >>> 8) & 0xff00;
  return 0xff000000 | redBlue | green;
}
