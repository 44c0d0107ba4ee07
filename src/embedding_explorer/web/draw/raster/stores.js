// @ts-check
/** Pictures kept as pixels for drawing on the CPU: small ones of whole ranges, large ones in slots. */
import { TILE } from "../../core/tiles.js";
import { pixelsOf } from "../pixels.js";

const HALF = TILE / 2;

/** Overview cells: pixels of one cell lie together, so that drawing it touches little memory. */
export class CellStore {
  /** @param {{cell: number, columns: number, images: number, ranges: number}} grid cell: pixels of a side */
  constructor(grid) {
    this.grid = grid;
    /** @type {(Int32Array|undefined)[]} */
    this.ranges = new Array(grid.ranges);
    this.bytes = 0;
  }

  /** @param {number} range @param {ImageBitmap} bitmap */
  put(range, bitmap) {
    const { cell, columns } = this.grid;
    const width = columns * cell;
    const rows = Math.max(1, Math.round((bitmap.height / bitmap.width) * columns));
    const pixels = pixelsOf(bitmap, width, rows * cell);
    const cells = new Int32Array(pixels.length);
    for (let i = 0; i < rows * columns; i += 1) {
      const corner = Math.floor(i / columns) * cell * width + (i % columns) * cell;
      for (let line = 0; line < cell; line += 1) {
        cells.set(pixels.subarray(corner + line * width, corner + line * width + cell), (i * cell + line) * cell);
      }
    }
    this.bytes += cells.byteLength - (this.ranges[range]?.byteLength ?? 0);
    this.ranges[range] = cells;
  }
}

/** Slots of pictures of 48 px, each also in half that size. */
export class SlotStore {
  /** @param {number} capacity */
  constructor(capacity) {
    this.full = new Int32Array(capacity * TILE * TILE);
    this.half = new Int32Array(capacity * HALF * HALF);
  }

  get bytes() {
    return this.full.byteLength + this.half.byteLength;
  }

  /**
   * @param {number} slot
   * @param {Int32Array} pixels of a sprite
   * @param {number} start index of the picture's first pixel in it
   * @param {number} stride pixels of a row of it
   */
  put(slot, pixels, start, stride) {
    const to = slot * TILE * TILE;
    for (let line = 0; line < TILE; line += 1) this.full.set(pixels.subarray(start + line * stride, start + line * stride + TILE), to + line * TILE);
    for (let i = 0; i < HALF * HALF; i += 1) {
      const at = to + 2 * Math.floor(i / HALF) * TILE + 2 * (i % HALF);
      this.half[slot * HALF * HALF + i] = mean(this.full[at], this.full[at + 1], this.full[at + TILE], this.full[at + TILE + 1]);
    }
  }
}

/** @param {number} a @param {number} b @param {number} c @param {number} d */
function mean(a, b, c, d) {
  const redBlue = (((a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) + (d & 0xff00ff) + 0x20002) >>> 2) & 0xff00ff;
  const green = (((a & 0xff00) + (b & 0xff00) + (c & 0xff00) + (d & 0xff00) + 0x200) >>> 2) & 0xff00;
  return 0xff000000 | redBlue | green;
}
