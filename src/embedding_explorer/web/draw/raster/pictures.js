// @ts-check
/** Pictures into an array of pixels, with a frame around each, nearer ones over farther ones. */
import { mix } from "./discs.js";

/** @typedef {import("./discs.js").Target} Target */

/**
 * A rectangle of pixels to draw from.
 * @typedef {object} Source
 * @property {Int32Array} pixels ABGR
 * @property {number} offset of the cell's first pixel
 * @property {number} stride pixels of a row
 * @property {number} x the picture in the cell, in pixels
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */

/**
 * @typedef {object} Look
 * @property {number} frame width in pixels
 * @property {number} colour packed, of the frame
 * @property {number} fade share of the background, 0 to 256
 * @property {number} background packed
 * @property {boolean} smooth false: each pixel is the nearest of the source
 */

const LARGEST = 512;
const columns = new Int32Array(LARGEST);
const columnShares = new Int32Array(LARGEST);

/**
 * @param {Target} target
 * @param {Source} source
 * @param {{x: number, y: number, width: number, height: number}} place centre and size in pixels, without the frame
 * @param {number} depth
 * @param {Look} look
 */
export function drawPicture(target, source, { x, y, width, height }, depth, look) {
  const w = Math.min(LARGEST, width), h = Math.min(LARGEST, height);
  const left = Math.round(x - w / 2), top = Math.round(y - h / 2);
  const { frame } = look;
  const radius = cornerRadius(Math.min(w, h)) + frame;
  const from = Math.max(0, top - frame), to = Math.min(target.height, top + h + frame);
  if (from >= to || left + w + frame <= 0 || left - frame >= target.width) return;
  setColumns(source, w, look.smooth);
  for (let line = from; line < to; line += 1) {
    const inset = cornerInset(radius, Math.min(line - top + frame, top + h + frame - 1 - line));
    const start = Math.max(0, left - frame + inset), end = Math.min(target.width, left + w + frame - inset);
    const inner = line >= top && line < top + h;
    const [a, b] = inner ? [clampTo(left + Math.max(0, inset - 1), start, end), clampTo(left + w - Math.max(0, inset - 1), start, end)] : [end, end];
    fill(target, line * target.width, start, a, depth, look.colour);
    if (inner) (look.smooth ? smoothLine : nearestLine)(target, source, line, a, b, left, (line - top + 0.5) / h, depth, look);
    fill(target, line * target.width, b, end, depth, look.colour);
  }
}

/** Corner radius of a picture's shorter side. @param {number} side */
export function cornerRadius(side) {
  return Math.min(4, Math.floor(side / 10));
}

/** How far a line is shortened, so many lines from the end of a rectangle with round corners. @param {number} radius @param {number} line */
function cornerInset(radius, line) {
  if (line >= radius) return 0;
  const rise = radius - line - 0.5;
  return Math.round(radius - Math.sqrt(Math.max(0, radius * radius - rise * rise)));
}

/** @param {number} value @param {number} low @param {number} high */
function clampTo(value, low, high) {
  return value < low ? low : value > high ? high : value;
}

/** @param {Target} target @param {number} row @param {number} start @param {number} end @param {number} depth @param {number} colour */
function fill({ pixels, depths }, row, start, end, depth, colour) {
  for (let at = row + start; at < row + end; at += 1) {
    if (depth < depths[at]) {
      depths[at] = depth;
      pixels[at] = colour;
    }
  }
}

/** Which column of the source each of w columns takes. @param {Source} source @param {number} w @param {boolean} smooth */
function setColumns(source, w, smooth) {
  for (let i = 0; i < w; i += 1) {
    const at = source.x + ((i + 0.5) * source.width) / w;
    if (!smooth) columns[i] = at;
    else {
      const centre = Math.max(source.x, Math.min(source.x + source.width - 1.001, at - 0.5));
      columns[i] = centre;
      columnShares[i] = (centre - Math.floor(centre)) * 256;
    }
  }
}

/**
 * @param {Target} target
 * @param {Source} source
 * @param {number} line
 * @param {number} start
 * @param {number} end
 * @param {number} left of the picture
 * @param {number} v how far down the picture, 0 to 1
 * @param {number} depth
 * @param {Look} look
 */
function nearestLine({ width, pixels, depths }, source, line, start, end, left, v, depth, { fade, background }) {
  const from = source.pixels;
  const row = source.offset + Math.floor(source.y + v * source.height) * source.stride;
  const base = line * width;
  for (let x = start; x < end; x += 1) {
    if (depth >= depths[base + x]) continue;
    const colour = from[row + columns[x - left]];
    depths[base + x] = depth;
    pixels[base + x] = fade ? mix(colour, background, fade) : colour;
  }
}

/**
 * The same, each pixel between the four nearest of the source.
 * @param {Target} target
 * @param {Source} source
 * @param {number} line
 * @param {number} start
 * @param {number} end
 * @param {number} left
 * @param {number} v
 * @param {number} depth
 * @param {Look} look
 */
function smoothLine({ width, pixels, depths }, source, line, start, end, left, v, depth, { fade, background }) {
  const from = source.pixels;
  const centre = Math.max(source.y, Math.min(source.y + source.height - 1.001, source.y + v * source.height - 0.5));
  const row = source.offset + Math.floor(centre) * source.stride;
  const share = ((centre - Math.floor(centre)) * 256) | 0;
  const base = line * width;
  // A picture of one pixel's width has no neighbour to the right, one of one pixel's height none below.
  const right = source.width > 1 ? 1 : 0, below = source.height > 1 ? source.stride : 0;
  for (let x = start; x < end; x += 1) {
    if (depth >= depths[base + x]) continue;
    const at = row + columns[x - left], across = columnShares[x - left];
    const upper = mix(from[at], from[at + right], across);
    const lower = mix(from[at + below], from[at + below + right], across);
    const colour = mix(upper, lower, share);
    depths[base + x] = depth;
    pixels[base + x] = fade ? mix(colour, background, fade) : colour;
  }
}
