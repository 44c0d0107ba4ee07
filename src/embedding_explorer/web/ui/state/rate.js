// @ts-check
/** How fast something counts, and when it will be done. Pure. */

const WINDOW = 8000; // ms; long enough to be calm, short enough to follow a change
const FIRST = 400; // ms before a rate is said at all

/** Speed of one count, over a sliding window. */
export class RateMeter {
  constructor() {
    /** @type {{time: number, done: number}[]} */
    this.samples = [];
  }

  /**
   * Note a count. A count that went down starts anew.
   * @param {number} time ms
   * @param {number} done
   */
  push(time, done) {
    if (this.samples.length && done < this.samples[this.samples.length - 1].done) this.samples = [];
    this.samples.push({ time, done });
    while (this.samples.length > 2 && time - this.samples[1].time > WINDOW) this.samples.shift();
  }

  /** Counts a second; null while it is not known. @returns {number|null} */
  get perSecond() {
    const [first, last] = [this.samples[0], this.samples[this.samples.length - 1]];
    if (!first || last.time - first.time < FIRST) return null;
    return ((last.done - first.done) / (last.time - first.time)) * 1000;
  }

  /** Seconds until `total`; null while not known. @param {number} total @returns {number|null} */
  eta(total) {
    const speed = this.perSecond;
    if (!speed || speed <= 0) return null;
    return Math.max(0, total - this.samples[this.samples.length - 1].done) / speed;
  }
}
