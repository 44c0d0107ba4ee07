// @ts-check
/**
 * Draws on the processor into an array of pixels, for machines without a graphics processor. WebGL there is a program that
 * imitates one and takes about 0.5 µs a dot; this takes a tenth of it, so that little or nothing is left out while moving.
 */
import { VISIBLE } from "../../core/flags.js";
import { fadeAt } from "../frame.js";
import { dotColours, dotSizes, drawDots, PHASES } from "./dots.js";
import { drawHovered } from "./hover.js";
import { drawPictures, marksOf, packed } from "./picture_pass.js";
import { CellStore, SlotStore } from "./stores.js";

/** @typedef {import("../frame.js").Frame} Frame */
/** @typedef {import("../frame.js").Drawn} Drawn */
/** @typedef {import("../point_set.js").PointSet} PointSet */

const SLOTS = 2400;
// Area of the pictures of a frame in pixels: some 15 ms while moving; at rest nearly all that a screen can hold.
const MOVING_AREA = 2.2e6;
const RESTING_AREA = 6e6;
// So much is drawn at rest before the page gets a chance to answer the mouse.
const SLICE = 14;
const SLICED_FROM = 300_000;
// Images of a dataset with overview cells of 16 px, and with any.
const MOST_LARGE_CELLS = 60_000;
const MOST_CELLS = 1_200_000;

export class RasterRenderer {
  /** @param {HTMLCanvasElement} canvas @param {{quality: "software"|"2d", name: string}} facts */
  constructor(canvas, { quality, name }) {
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("This browser offers no canvas to draw on.");
    this.canvas = canvas;
    this.context = context;
    this.quality = quality;
    this.name = name;
    this.software = true;
    this.slots = SLOTS;
    // The browser takes some ten more to put the picture on the screen: 33 ms in all.
    this.frameLimit = 20;
    this.ratioLimit = 1.5;
    this.pixelLimit = 2.6e6;
    this.pointLimit = 400;
    /** Nothing is ever lost here. */
    this.onRestored = () => {};
    /** @type {Map<PointSet, {cells: CellStore|null, covered: Uint8Array, colours: Int32Array, key: string}>} */
    this.sets = new Map();
    /** @type {SlotStore|null} */
    this.detail = null;
    /** @type {Drawn} */
    this.drawn = { done: false, drawn: 0, dots: 0, overview: 0, detail: 0 };
    /** Pictures that are still to be drawn, a pass for each set. @type {ReturnType<typeof drawPictures>[]} */
    this.passes = [];
    this.phase = PHASES;
    this.drawing = "";
    /** @type {{x: number, y: number, side: number}|null} */
    this.hovered = null;
    this.resize(Math.max(1, canvas.width), Math.max(1, canvas.height));
  }

  get bytes() {
    let bytes = this.detail?.bytes ?? 0;
    for (const { cells } of this.sets.values()) bytes += cells?.bytes ?? 0;
    return bytes;
  }

  /** Cells of 16 px cost a kilobyte an image, those of 8 px a quarter of it; beyond that dots must do. @param {number} n images */
  overviewCell(n) {
    return n <= MOST_LARGE_CELLS ? 16 : n <= MOST_CELLS ? 8 : 0;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.image = this.context.createImageData(width, height);
    this.target = { width, height, pixels: new Int32Array(this.image.data.buffer), depths: new Float32Array(width * height) };
    this.phase = PHASES;
    this.passes = [];
    this.hovered = null;
  }

  /** @param {PointSet} set @param {import("../frame.js").Grid|null} grid */
  add(set, grid) {
    this.sets.set(set, { cells: grid && new CellStore(grid), covered: new Uint8Array(set.n), colours: new Int32Array(0), key: "" });
    return true;
  }

  /** @param {PointSet} set */
  remove(set) {
    this.sets.delete(set);
    this.phase = PHASES; // what was begun with it does not go on
  }

  /** @param {PointSet} set @param {number} range @param {ImageBitmap} bitmap */
  putOverview(set, range, bitmap) {
    this.sets.get(set)?.cells?.put(range, bitmap);
  }

  /** @param {number} slot @param {Int32Array} pixels @param {number} start @param {number} stride */
  putDetail(slot, pixels, start, stride) {
    this.detail ??= new SlotStore(SLOTS);
    this.detail.put(slot, pixels, start, stride);
  }

  /** Draw a frame; one at rest in slices where there is much to draw, shown when complete. @param {Frame} frame @returns {Drawn} */
  draw(frame) {
    if (frame.moving || this.phase >= PHASES || this.drawing !== frame.version) this.begin(frame);
    const last = frame.moving ? Math.max(1, Math.round(PHASES * frame.k)) : PHASES;
    const whole = frame.moving || frame.sets.every((set) => set.n < SLICED_FROM);
    const deadline = frame.moving ? Infinity : performance.now() + SLICE;
    if (!this.pictures(deadline)) return { ...this.drawn, done: false };
    while (this.phase < last) {
      const next = whole ? last : this.phase + 1;
      for (const set of frame.sets) this.dots(set, frame, this.phase, next);
      this.phase = next;
      if (next < last && performance.now() > deadline) return { ...this.drawn, done: false };
    }
    this.present(frame, last);
    return this.drawn;
  }

  /** @param {Frame} frame */
  begin(frame) {
    this.phase = 0;
    this.drawing = frame.version;
    this.target.pixels.fill(packed(frame.colours.background));
    this.target.depths.fill(Infinity);
    this.drawn = { done: false, drawn: 0, dots: 0, overview: 0, detail: 0 };
    const area = frame.moving ? MOVING_AREA * frame.k : RESTING_AREA;
    // Pictures first: a dot behind them then costs one comparison.
    this.passes = frame.sets.map((set) => {
      set.project(frame);
      const { cells, covered } = this.known(set);
      covered.fill(0);
      return drawPictures(this.target, set, frame, { cells, detail: this.detail }, area, covered);
    });
  }

  /** Go on with the pictures. @param {number} deadline @returns {boolean} whether they are complete */
  pictures(deadline) {
    while (this.passes.length > 0) {
      const { done, value } = this.passes[0].next();
      if (done) {
        this.passes.shift();
        this.drawn.overview += value.overview;
        this.drawn.detail += value.detail;
      } else if (performance.now() > deadline) return false;
    }
    return true;
  }

  /** @param {PointSet} set @param {Frame} frame @param {number} first @param {number} last */
  dots(set, frame, first, last) {
    const known = this.known(set);
    const key = `${set.versions.palette} ${frame.flat} ${frame.colours.background}`;
    if (known.key !== key) {
      known.colours = dotColours(set.palette, frame.colours.background, (depth) => fadeAt(depth, frame.flat));
      known.key = key;
    }
    const sizes = dotSizes(frame.sizing, frame.dot, frame.distance);
    drawDots(this.target, set, { ...sizes, colours: known.colours, marks: marksOf(set, frame), covered: known.covered }, first, last);
  }

  /** @param {Frame} frame @param {number} phases that were drawn */
  present(frame, phases) {
    this.context.putImageData(/** @type {ImageData} */ (this.image), 0, 0);
    this.hovered = null;
    this.hover(frame);
    this.drawn.done = true;
    this.drawn.drawn = frame.sets.reduce((sum, set) => sum + Math.round((set.visible * phases) / PHASES), 0);
    this.drawn.dots = Math.max(0, this.drawn.drawn - this.drawn.overview - this.drawn.detail);
  }

  /** Mark another image as the one under the pointer, without drawing the rest again. @param {Frame} frame @returns {boolean} whether that was possible */
  hover(frame) {
    if (this.phase < PHASES && !frame.moving) return false;
    if (this.hovered) {
      const { x, y, side } = this.hovered;
      this.context.putImageData(/** @type {ImageData} */ (this.image), 0, 0, x, y, side, side);
    }
    this.hovered = null;
    const set = frame.hovered && frame.sets.find((each) => each.layer === frame.hovered?.layer);
    if (set && frame.hovered && isSeen(set, frame.hovered.place)) {
      const stores = { cells: this.known(set).cells, detail: this.detail };
      this.hovered = drawHovered(this.context, this.target, set, frame.hovered.place, frame, stores);
    }
    return true;
  }

  /** @param {PointSet} set */
  known(set) {
    const known = this.sets.get(set);
    if (!known) throw new Error("this set was not added to the renderer");
    return known;
  }

  destroy() {
    this.sets.clear();
    this.detail = null;
  }
}

/** Whether an image can be seen at all, apart from what may hide it. @param {PointSet} set @param {number} place */
function isSeen({ flags, projected }, place) {
  return (flags[place] & VISIBLE) !== 0 && projected.depth[place] >= projected.near;
}
