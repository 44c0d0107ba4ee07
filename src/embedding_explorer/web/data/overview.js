// @ts-check
/** Small pictures of whole ranges, fetched as they are needed, those needed most first. */
import { fill } from "./api.js";
import { getPicture } from "./map_data.js";

const PARALLEL = 3;
const TRIES = 2;
// So long after the last try a range is asked for again: a server may have been started anew. Milliseconds.
const PAUSE = 20_000;

export class OverviewLoader {
  /**
   * @param {any} manifest
   * @param {(range: number, picture: ImageBitmap) => void} deliver
   * @param {(error: unknown) => void} [fail] told of each range that cannot be had
   */
  constructor(manifest, deliver, fail = () => {}) {
    this.url = manifest.overview.url;
    this.count = manifest.tilemaps.count;
    this.deliver = deliver;
    this.fail = fail;
    this.abort = new AbortController();
    /** Tries that have failed. */
    this.tries = new Uint8Array(this.count);
    /** When each range may be asked for; Infinity for those that are here. */
    this.notBefore = new Float64Array(this.count);
    /** @type {Set<number>} ranges on their way */
    this.under = new Set();
    /** @type {number[]} ranges wished for, the next one last */
    this.wishes = [];
    this.loading = 0;
  }

  /** Whether something is on its way. */
  get busy() {
    return this.loading > 0 || this.wishes.length > 0;
  }

  /** What is needed now, instead of what was before. @param {Iterable<number>} ranges the most urgent first */
  want(ranges) {
    const now = performance.now();
    this.wishes = [...ranges].filter((range) => !this.under.has(range) && this.notBefore[range] <= now).reverse();
    this.start();
  }

  /** Forget what was delivered, after it was lost. */
  reset() {
    this.tries.fill(0);
    this.notBefore.fill(0);
  }

  start() {
    while (this.loading < PARALLEL && this.wishes.length > 0) this.load(/** @type {number} */ (this.wishes.pop()));
  }

  /** @param {number} range */
  async load(range) {
    this.loading += 1;
    this.under.add(range);
    try {
      const picture = await getPicture(fill(this.url, { range: String(range).padStart(3, "0") }), this.abort.signal);
      if (this.abort.signal.aborted) picture.close();
      else this.arrived(range, picture);
    } catch (error) {
      if (!this.abort.signal.aborted) this.again(range, error);
    }
    this.under.delete(range);
    this.loading -= 1;
    if (!this.abort.signal.aborted) this.start();
  }

  /** @param {number} range @param {ImageBitmap} picture */
  arrived(range, picture) {
    this.deliver(range, picture);
    this.notBefore[range] = Infinity;
  }

  /** @param {number} range @param {unknown} error */
  again(range, error) {
    this.tries[range] += 1;
    if (this.tries[range] < TRIES) {
      this.wishes.push(range);
      return;
    }
    this.tries[range] = 0;
    this.notBefore[range] = performance.now() + PAUSE;
    this.fail(error);
  }

  destroy() {
    this.abort.abort();
    this.wishes = [];
  }
}
