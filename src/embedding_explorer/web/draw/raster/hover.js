// @ts-check
/** The image under the pointer, larger and on top of everything, on a piece of its own that is laid over the picture. */
import { drawDisc } from "./discs.js";
import { packed, sides, sourceOf, tintOf } from "./picture_pass.js";
import { drawPicture } from "./pictures.js";

const SCALE = 1.35;
const LEAST = 9;
const RING = 2;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./discs.js").Target} target what is shown without it
 * @param {import("../point_set.js").PointSet} set
 * @param {number} place
 * @param {import("../frame.js").Frame} frame
 * @param {import("./picture_pass.js").Stores} stores
 * @returns {{x: number, y: number, side: number}} the square that was drawn over
 */
export function drawHovered(context, target, set, place, frame, stores) {
  const { x, y, depth } = set.projected;
  const size = Math.min(frame.sizing.high, Math.max(frame.sizing.low, frame.sizing.unit / depth[place]));
  const source = size * SCALE >= frame.pictureFrom ? sourceOf(set, place, size * SCALE, stores) : null;
  const drawn = Math.round(source ? size * SCALE : Math.max(LEAST, Math.min(size, frame.dot) * SCALE));
  const side = drawn + 4 * Math.ceil(RING * frame.line) + 4;
  const left = Math.round(x[place] - side / 2), top = Math.round(y[place] - side / 2);
  const image = context.createImageData(side, side);
  const piece = { width: side, height: side, pixels: new Int32Array(image.data.buffer), depths: new Float32Array(side * side).fill(2) };
  copyPiece(target, piece, left, top);
  const middle = { x: x[place] - left, y: y[place] - top };
  const colour = packed(frame.colours.hover);
  if (source) {
    const look = { frame: Math.round(RING * frame.line), colour, fade: 0, background: 0, smooth: true };
    drawPicture(piece, source, { ...middle, ...sides(set, place, drawn) }, 1, look);
  } else drawDot(piece, middle, drawn, Math.round(RING * frame.line), colour, tintOf(set, place));
  context.putImageData(image, left, top);
  return { x: left, y: top, side };
}

/** @param {import("./discs.js").Target} piece @param {{x: number, y: number}} middle @param {number} size @param {number} ring @param {number} colour @param {number} fill */
function drawDot(piece, middle, size, ring, colour, fill) {
  const left = Math.floor(middle.x) - ((size - 1) >> 1), top = Math.floor(middle.y) - ((size - 1) >> 1);
  drawDisc(piece, left - ring, top - ring, size + 2 * ring, 1, colour);
  drawDisc(piece, left, top, size, 0.5, fill);
}

/** @param {import("./discs.js").Target} from @param {import("./discs.js").Target} to @param {number} left @param {number} top */
function copyPiece(from, to, left, top) {
  const start = Math.max(0, left), end = Math.min(from.width, left + to.width);
  for (let line = Math.max(0, top); line < Math.min(from.height, top + to.height) && start < end; line += 1) {
    to.pixels.set(from.pixels.subarray(line * from.width + start, line * from.width + end), (line - top) * to.width + start - left);
  }
}
