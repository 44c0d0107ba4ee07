// @ts-check
/** Pictures that have arrived, handed to the renderer a few in each frame, and the slots of the large ones. */
import { SlotCache } from "../core/slots.js";
import { pixelsOf } from "../draw/pixels.js";

/** @typedef {import("../draw/point_set.js").PointSet} PointSet */

const OVERVIEWS_A_FRAME = 2;
const CELLS_A_FRAME = 128;
// Keys of slots are layer * LAYER + row; a dataset has fewer rows.
const LAYER = 2 ** 32;

export class Uploads {
  /**
   * @param {import("../draw/frame.js").Renderer} renderer
   * @param {() => void} arrived called when there is something to hand over
   */
  constructor(renderer, arrived) {
    this.renderer = renderer;
    this.arrived = arrived;
    this.slots = new SlotCache(renderer.slots);
    /** @type {{set: PointSet, range: number, picture: ImageBitmap}[]} */
    this.overviews = [];
    /** @type {{set: PointSet, rows: number[], next: number, pixels: Int32Array, width: number, pitch: number, columns: number, border: number}[]} */
    this.sprites = [];
    /** @type {Set<number>} keys of pictures that wait here */
    this.waiting = new Set();
    /** @type {Map<number, PointSet>} */
    this.sets = new Map();
  }

  get capacity() {
    return this.slots.capacity;
  }

  get busy() {
    return this.overviews.length > 0 || this.sprites.length > 0;
  }

  /** Keep a picture's slot for longer. @param {PointSet} set @param {number} place @returns {boolean} whether it has one, or will soon */
  use(set, place) {
    const key = set.layer * LAYER + set.rows[place];
    return this.slots.use(key) >= 0 || this.waiting.has(key);
  }

  /** @param {PointSet} set @param {number} range @param {ImageBitmap} picture */
  addOverview(set, range, picture) {
    this.overviews.push({ set, range, picture });
    this.arrived();
  }

  /** @param {PointSet} set @param {import("../data/thumbnails.js").Sprite} sprite */
  addSprite(set, { rows, bitmap, pitch, picture, columns }) {
    const { width } = bitmap;
    const pixels = pixelsOf(bitmap);
    bitmap.close();
    this.sets.set(set.layer, set);
    for (const row of rows) this.waiting.add(set.layer * LAYER + row);
    this.sprites.push({ set, rows, next: 0, pixels, width, pitch, columns, border: (pitch - picture) >> 1 });
    this.arrived();
  }

  /** Hand over what fits in a frame, or in several. @param {number} [frames] @returns {boolean} whether anything was */
  step(frames = 1) {
    const any = this.busy;
    for (const { set, range, picture } of this.overviews.splice(0, frames * OVERVIEWS_A_FRAME)) {
      this.renderer.putOverview(set, range, picture);
      picture.close();
      set.ready[range] = 1;
      set.touch("ready");
    }
    for (let room = frames * CELLS_A_FRAME; room > 0 && this.sprites.length > 0; ) room -= this.putCells(this.sprites[0], room);
    return any;
  }

  /** @param {Uploads["sprites"][number]} sprite @param {number} room @returns {number} cells that were handed over */
  putCells(sprite, room) {
    const { set, rows, pixels, width, pitch, columns, border } = sprite;
    const end = Math.min(rows.length, sprite.next + room);
    const count = end - sprite.next;
    for (; sprite.next < end; sprite.next += 1) {
      const cell = sprite.next;
      const start = (Math.floor(cell / columns) * pitch + border) * width + (cell % columns) * pitch + border;
      this.renderer.putDetail(this.slotFor(set, rows[cell]), pixels, start, width);
    }
    if (end === rows.length) this.sprites.shift();
    set.touch("slots");
    return count;
  }

  /** @param {PointSet} set @param {number} row */
  slotFor(set, row) {
    const key = set.layer * LAYER + row;
    this.waiting.delete(key);
    const { slot, evicted } = this.slots.take(key);
    if (evicted >= 0) this.release(evicted);
    set.slots[set.places[row]] = slot + 1;
    return slot;
  }

  /** @param {number} key whose picture is no longer there */
  release(key) {
    const set = this.sets.get(Math.floor(key / LAYER));
    if (!set) return;
    set.slots[set.places[key % LAYER]] = 0;
    set.touch("slots");
  }

  /** Drop everything of a dataset that is shown no more. @param {number} layer */
  forget(layer) {
    this.dropOverviews((each) => each.set.layer === layer);
    this.sprites = this.sprites.filter((each) => each.set.layer !== layer);
    const of = (/** @type {number} */ key) => Math.floor(key / LAYER) === layer;
    for (const key of this.waiting) if (of(key)) this.waiting.delete(key);
    for (const key of [...this.slots.slots.keys()]) if (of(key)) this.slots.drop(key);
    this.sets.delete(layer);
  }

  /** @param {(each: Uploads["overviews"][number]) => boolean} which */
  dropOverviews(which) {
    for (const each of this.overviews) if (which(each)) each.picture.close();
    this.overviews = this.overviews.filter((each) => !which(each));
  }

  /** Forget all slots, because the pictures were lost; there may be fewer of them now. */
  reset() {
    this.slots = new SlotCache(this.renderer.slots);
    this.dropOverviews(() => true);
    this.sprites = [];
    this.waiting.clear();
  }
}
