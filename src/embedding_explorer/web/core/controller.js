// @ts-check
/**
 * How much is drawn while the camera moves: one number k, 1 for everything, which is both the share of the images and the
 * share of the area that pictures may fill. It falls as soon as frames are late and rises only while the camera rests, so it
 * cannot swing to and fro during one movement. A fall that made frames no shorter is taken back: then it is the screen that is
 * slow (30 Hz, or a laptop that saves energy), not the drawing.
 */
const WINDOW = 20;
// So few frames are enough to fall when they are far too slow: twenty of them would be a second of stutter.
const HASTY = 4;
const LOWEST = 0.02;
const COMFORT = 0.6;
const RISE = 1.3;
const HELPED = 0.9;
/** A frame of the slowest screens, in milliseconds. */
const SLOWEST_SCREEN = 35;

export class FrameController {
  /**
   * @param {object} options
   * @param {number} options.limit milliseconds that a frame may take
   * @param {number} [options.k]
   */
  constructor({ limit, k = 1 }) {
    this.limit = limit;
    this.k = k;
    /** @type {number[]} */
    this.times = [];
    /** The median of the last full window, for reports. */
    this.lastMedian = 0;
    /** What was there before the last fall, while nobody knows whether it helped. @type {{k: number, median: number}|null} */
    this.before = null;
  }

  /** Median of the frames since k changed. */
  get median() {
    return this.times.length ? medianOf(this.times) : this.lastMedian;
  }

  /** A frame of a moving camera took so long. @param {number} milliseconds */
  note(milliseconds) {
    this.times.push(milliseconds);
    if (this.times.length > WINDOW) this.times.shift();
    const median = medianOf(this.times);
    const whole = this.times.length >= WINDOW;
    if (whole ? median > this.limit : this.times.length >= HASTY && median > 1.5 * this.limit) this.late(median);
    else if (whole) this.before = null;
  }

  /** @param {number} median */
  late(median) {
    const { before } = this;
    if (before && median > HELPED * before.median && median < SLOWEST_SCREEN) {
      this.limit = 1.1 * median;
      this.before = null;
      this.set(before.k);
      return;
    }
    this.before = { k: this.k, median };
    this.set(this.k * Math.max(0.4, (0.85 * this.limit) / median));
  }

  /** The camera has come to rest: what went easily may grow. */
  rest() {
    if (this.times.length >= WINDOW / 2 && this.median < COMFORT * this.limit && this.k < 1) this.set(this.k * RISE);
  }

  /** @param {number} k */
  set(k) {
    this.lastMedian = this.median;
    this.k = Math.min(1, Math.max(LOWEST, k));
    this.times = [];
  }
}

/** @param {number[]} values */
function medianOf(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
