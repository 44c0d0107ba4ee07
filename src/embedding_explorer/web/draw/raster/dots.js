// @ts-check
/** All dots of a dataset into an array of pixels. */
import { DIMMED, MARKED, MATCH, ORDER, SELECTED, VISIBLE } from "../../core/flags.js";
import { DIMMED_SHARE } from "../frame.js";
import { drawDisc, pack, ROUND_FROM } from "./discs.js";

/** @typedef {import("./discs.js").Target} Target */
/** Packed colours; outline 0 for none. @typedef {{selected: number, match: number, neighbour: number, outline: number}} Marks */

/**
 * @typedef {object} DotStyle
 * @property {Int32Array} colours packed, by [dimmed][band][palette index]
 * @property {Uint8Array} sizes pixels, by band
 * @property {number} scale band = depth * scale
 * @property {Marks} marks
 * @property {Uint8Array} covered 1 where the picture has been drawn
 */

// Depths from 0 to DEEPEST times the camera's distance, in bands of equal size and fading.
const BANDS = 64;
const DEEPEST = 4;
const DIMMED_STYLE = BANDS << 8;
const RING = 2;

// A part of the dots is every so-many-th along the curve: of each neighbourhood its fair share. The sixteen remainders come
// in an order that spreads any number of them.
export const PHASES = 16;
const TURN = Uint8Array.of(0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15);

/**
 * Colours of dots: the farther away, the more of the background.
 * @param {Uint8Array} palette
 * @param {number[]} background
 * @param {(depth: number) => number} fade share of the background at a depth in camera distances
 * @returns {Int32Array}
 */
export function dotColours(palette, background, fade) {
  const colours = new Int32Array(2 * BANDS * 256);
  const faded = Array.from({ length: BANDS }, (_, band) => fade((band + 0.5) * (DEEPEST / BANDS)));
  const mixed = (/** @type {number} */ channel, /** @type {number} */ at, /** @type {number} */ share) =>
    Math.round(palette[at + channel] + (background[channel] - palette[at + channel]) * share);
  for (let i = 0; i < colours.length; i += 1) {
    const at = 4 * (i & 255);
    const own = 1 - faded[(i >> 8) % BANDS];
    const share = 1 - (i >= DIMMED_STYLE ? own * DIMMED_SHARE : own);
    colours[i] = pack(mixed(0, at, share), mixed(1, at, share), mixed(2, at, share));
  }
  return colours;
}

/**
 * @param {{unit: number, low: number}} sizing in pixels
 * @param {number} largest pixels
 * @param {number} distance of the camera from what it looks at
 * @returns {{sizes: Uint8Array, scale: number}}
 */
export function dotSizes({ unit, low }, largest, distance) {
  const scale = BANDS / DEEPEST / distance;
  const size = (/** @type {number} */ band) => Math.min(largest, Math.max(low, unit / ((band + 0.5) / scale)));
  return { scale, sizes: Uint8Array.from({ length: BANDS }, (_, band) => Math.round(size(band))) };
}

/**
 * Draw the dots of some of the sixteen phases.
 * @param {Target} target
 * @param {import("../point_set.js").PointSet} set projected already
 * @param {DotStyle} style
 * @param {number} first phase
 * @param {number} last phase, not drawn any more
 */
export function drawDots(target, set, { sizes, scale, colours: packed, marks, covered }, first = 0, last = PHASES) {
  const { width, height, pixels, depths } = target;
  const { x, y, depth, near } = set.projected;
  const { flags, colours, n } = set;
  const plain = marks.outline ? -1 : VISIBLE;
  for (let i = 0; i < n; i += 1) {
    const turn = TURN[i & 15];
    const flag = flags[i];
    const w = depth[i];
    if (turn < first || turn >= last || w < near || !(flag & VISIBLE) || covered[i]) continue;
    let band = (w * scale) | 0;
    if (band >= BANDS) band = BANDS - 1;
    const size = sizes[band];
    const left = (x[i] | 0) - ((size - 1) >> 1);
    const top = (y[i] | 0) - ((size - 1) >> 1);
    if (left < 0 || top < 0 || left + size > width || top + size > height) continue;
    if (flag !== plain) {
      const colour = packed[(flag & DIMMED ? DIMMED_STYLE : 0) | (band << 8) | colours[i]];
      drawMarked(target, left, top, size, w * ORDER[flag], colour, markOf(flag, marks));
      continue;
    }
    const colour = packed[(band << 8) | colours[i]];
    if (size >= ROUND_FROM) {
      drawDisc(target, left, top, size, w, colour);
      continue;
    }
    drawSquare(pixels, depths, top * width + left, width, size, w, colour);
  }
}

/**
 * A square of up to three pixels, written out: most dots of a large map, in half the time of a loop.
 * @param {Int32Array} pixels
 * @param {Float32Array} depths
 * @param {number} at index of the first pixel
 * @param {number} width pixels of a line
 * @param {number} size
 * @param {number} w depth
 * @param {number} colour
 */
function drawSquare(pixels, depths, at, width, size, w, colour) {
  if (w < depths[at]) { depths[at] = w; pixels[at] = colour; }
  if (size === 1) return;
  if (w < depths[at + 1]) { depths[at + 1] = w; pixels[at + 1] = colour; }
  if (size === 3 && w < depths[at + 2]) { depths[at + 2] = w; pixels[at + 2] = colour; }
  at += width;
  if (w < depths[at]) { depths[at] = w; pixels[at] = colour; }
  if (w < depths[at + 1]) { depths[at + 1] = w; pixels[at + 1] = colour; }
  if (size === 2) return;
  if (w < depths[at + 2]) { depths[at + 2] = w; pixels[at + 2] = colour; }
  at += width;
  if (w < depths[at]) { depths[at] = w; pixels[at] = colour; }
  if (w < depths[at + 1]) { depths[at + 1] = w; pixels[at + 1] = colour; }
  if (w < depths[at + 2]) { depths[at + 2] = w; pixels[at + 2] = colour; }
}

/** The colour of an image's frame or ring, 0 for none. @param {number} flag @param {Marks} marks */
export function markOf(flag, marks) {
  if (flag & SELECTED) return marks.selected;
  if (flag & MATCH) return marks.match;
  return flag & MARKED ? marks.neighbour : marks.outline;
}

/** @param {Target} target @param {number} left @param {number} top @param {number} size @param {number} depth @param {number} colour @param {number} ring */
function drawMarked(target, left, top, size, depth, colour, ring) {
  const room = left >= RING && top >= RING && left + size + RING <= target.width && top + size + RING <= target.height;
  // The ring lies a trace farther away, so that the dot itself comes out on top.
  if (ring && room) drawDisc(target, left - RING, top - RING, size + 2 * RING, depth * 1.0001, ring);
  drawDisc(target, left, top, size, depth, colour);
}
