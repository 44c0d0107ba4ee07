// @ts-check
/** Which pictures of a dataset are drawn, from which pixels, and how they look. */
import { DIMMED, MARKED, ORDER } from "../../core/flags.js";
import { foremost } from "../../core/foremost.js";
import { pictureIn, TILE } from "../../core/tiles.js";
import { DIMMED_SHARE, fadeAt, frameWidth, sizeAt, STRETCH } from "../frame.js";
import { mix, pack } from "./discs.js";
import { markOf } from "./dots.js";
import { drawPicture } from "./pictures.js";

/** @typedef {import("../frame.js").Frame} Frame */
/** @typedef {import("../point_set.js").PointSet} PointSet */
/** @typedef {import("./stores.js").CellStore} CellStore */
/** @typedef {import("./stores.js").SlotStore} SlotStore */
/** @typedef {{cells: CellStore|null, detail: SlotStore|null}} Stores */

const MOST = 6000;
const HALF = TILE / 2;
// A source a little smaller than the picture on the screen is sharper than one twice as large.
const HALF_STRETCH = 1.15;
// Pixels of pictures between two chances to stop: some 3 ms.
const STRIDE = 400_000;

/**
 * Draw the foremost pictures until they fill an area; pauses now and then, for whoever wants to go on later.
 * @param {import("./discs.js").Target} target
 * @param {PointSet} set projected already
 * @param {Frame} frame
 * @param {Stores} stores
 * @param {number} area pixels
 * @param {Uint8Array} covered set to 1 at the places that were drawn
 * @returns {Generator<void, {overview: number, detail: number}>} how many, in the end
 */
export function* drawPictures(target, set, frame, stores, area, covered) {
  const counts = { overview: 0, detail: 0 };
  const { x, y, depth } = set.projected;
  const wish = { viewport: frame.viewport, sizing: frame.sizing, from: frame.pictureFrom, most: MOST };
  const largeFrom = STRETCH * (stores.cells?.grid.cell ?? 0);
  const small = { cells: stores.cells, detail: null };
  let left = area, large = frame.large, pause = area - STRIDE;
  for (const place of foremost(set.projected, set.flags, wish)) {
    const size = sizeAt(depth[place], frame.sizing);
    if (size >= largeFrom) large -= 1;
    // Beyond their number a large picture may be there from a view before; the same view must be the same picture, though.
    const source = (large < 0 && sourceOf(set, place, size, small)) || sourceOf(set, place, size, stores);
    if (!source) continue;
    left -= size * size;
    if (left < 0) break;
    const order = depth[place] * ORDER[set.flags[place]] * 0.9999;
    drawPicture(target, source, { x: x[place], y: y[place], ...sides(set, place, size) }, order, lookOf(set, place, size, frame));
    covered[place] = 1;
    counts[set.slots[place] ? "detail" : "overview"] += 1;
    if (left < pause) {
      pause = left - STRIDE;
      yield;
    }
  }
  return counts;
}

/** Width and height of a picture whose longer side is known. @param {PointSet} set @param {number} place @param {number} size */
export function sides(set, place, size) {
  const { width, height } = pictureIn(set.shapes[place]);
  return { width: Math.max(1, Math.round((size * width) / TILE)), height: Math.max(1, Math.round((size * height) / TILE)) };
}

/**
 * The pixels that suit a size best.
 * @param {PointSet} set
 * @param {number} place
 * @param {number} size
 * @param {Stores} stores
 * @returns {import("./pictures.js").Source|null}
 */
export function sourceOf(set, place, size, { cells, detail }) {
  const row = set.rows[place];
  const images = cells?.grid.images ?? 1;
  const range = cells?.ranges[Math.floor(row / images)];
  const slot = set.slots[place] - 1;
  const shape = pictureIn(set.shapes[place]);
  if (slot >= 0 && detail && !(range && cells && size < STRETCH * cells.grid.cell)) {
    return size <= HALF * HALF_STRETCH ? cellSource(detail.half, slot, HALF, shape) : cellSource(detail.full, slot, TILE, shape);
  }
  return range && cells ? cellSource(range, row % images, cells.grid.cell, shape) : null;
}

/** @param {Int32Array} pixels @param {number} index @param {number} side @param {ReturnType<typeof pictureIn>} shape */
function cellSource(pixels, index, side, shape) {
  const scale = side / TILE;
  const x = Math.min(side - 1, Math.ceil(shape.x * scale)), y = Math.min(side - 1, Math.ceil(shape.y * scale));
  const width = Math.max(1, Math.floor((shape.x + shape.width) * scale) - x);
  const height = Math.max(1, Math.floor((shape.y + shape.height) * scale) - y);
  return { pixels, offset: index * side * side, stride: side, x, y, width, height };
}

/** @param {PointSet} set @param {number} place @param {number} size @param {Frame} frame @returns {import("./pictures.js").Look} */
function lookOf(set, place, size, frame) {
  const flag = set.flags[place];
  const strong = (flag & MARKED) !== 0 || set.layer > 0;
  const fade = fadeAt(set.projected.depth[place] / frame.distance, frame.flat);
  const share = Math.round(256 * (flag & DIMMED ? 1 - (1 - fade) * DIMMED_SHARE : fade));
  const background = packed(frame.colours.background);
  const colour = strong ? markOf(flag, marksOf(set, frame)) : frame.tint ? tintOf(set, place) : packed(frame.colours.frame);
  return {
    frame: frameWidth(size, frame.line, strong || frame.tint),
    colour: mix(colour, background, share),
    fade: share,
    background,
    smooth: !frame.moving,
  };
}

/** @param {PointSet} set @param {number} place */
export function tintOf(set, place) {
  const at = 4 * set.colours[place];
  return pack(set.palette[at], set.palette[at + 1], set.palette[at + 2]);
}

/** @param {PointSet} set @param {Frame} frame @returns {import("./dots.js").Marks} */
export function marksOf(set, { colours }) {
  return {
    selected: packed(colours.selected),
    match: packed(colours.match),
    neighbour: packed(colours.neighbour),
    outline: set.layer > 0 ? packed(colours.outline) : 0,
  };
}

/** @param {number[]} colour */
export function packed(colour) {
  return pack(colour[0], colour[1], colour[2]);
}
