// @ts-check
/** Large pictures of single images, many in one request. */
import { spriteUrl } from "./api.js";
import { getPicture } from "./map_data.js";

const PARALLEL = 2;
// The first answer is small, so that something is there to see soon.
const FIRST = 96;
// So long after a failure pictures are asked for again: a server may have been started anew. Milliseconds.
const PAUSE = 20_000;

/** A sprite: picture k is cell k. @typedef {{rows: number[], bitmap: ImageBitmap, pitch: number, picture: number, columns: number}} Sprite */

export class ThumbnailLoader {
  /**
   * @param {any} manifest
   * @param {(sprite: Sprite) => void} deliver
   * @param {(error: unknown) => void} [fail] told of each request that failed
   */
  constructor(manifest, deliver, fail = () => {}) {
    this.manifest = manifest;
    this.deliver = deliver;
    this.fail = fail;
    this.abort = new AbortController();
    /** @type {number[]} rows wished for, the next one first */
    this.wishes = [];
    /** @type {Set<number>} rows on their way */
    this.loading = new Set();
    /** @type {Map<number, number>} rows that could not be had, and when they may be asked for again */
    this.failed = new Map();
    this.requests = 0;
    this.answered = false;
  }

  /** Whether something is on its way. */
  get busy() {
    return this.requests > 0 || this.wishes.length > 0;
  }

  /** What is needed now, instead of what was before. @param {Iterable<number>} rows the most urgent first */
  want(rows) {
    const now = performance.now();
    this.wishes = [...rows].filter((row) => !this.loading.has(row) && (this.failed.get(row) ?? 0) <= now);
    this.start();
  }

  start() {
    while (this.requests < PARALLEL && this.wishes.length > 0) this.load(this.wishes.splice(0, this.answered ? this.manifest.thumbnails.most : FIRST));
  }

  /** @param {number[]} rows */
  async load(rows) {
    this.requests += 1;
    for (const row of rows) this.loading.add(row);
    try {
      const bitmap = await getPicture(spriteUrl(this.manifest, rows), this.abort.signal);
      const { pitch, picture } = this.manifest.thumbnails;
      if (this.abort.signal.aborted) bitmap.close();
      else this.deliver({ rows, bitmap, pitch, picture, columns: this.manifest.tilemaps.columns });
    } catch (error) {
      if (!this.abort.signal.aborted) this.refuse(rows, error);
    }
    for (const row of rows) this.loading.delete(row);
    this.requests -= 1;
    this.answered = true;
    if (!this.abort.signal.aborted) this.start();
  }

  /** @param {number[]} rows @param {unknown} error */
  refuse(rows, error) {
    for (const row of rows) this.failed.set(row, performance.now() + PAUSE);
    this.fail(error);
  }

  destroy() {
    this.abort.abort();
    this.wishes = [];
  }
}
