// @ts-check
/**
 * When frames are drawn: only on demand. The camera counts as moving until it has been still for a moment; then comes one
 * complete frame, and nothing more.
 */
const STILL_AFTER = 150;

export class Clock {
  /**
   * @param {(now: number) => boolean} draw draws a frame and says whether it wants to be called again at once
   * @param {() => void} rested the camera has come to rest
   */
  constructor(draw, rested) {
    this.draw = draw;
    this.rested = rested;
    this.moving = false;
    this.scheduled = 0;
    this.timer = 0;
    /** When the scheduled frame was asked for, or the one that is drawn. */
    this.askedAt = 0;
    /** When the camera last moved. */
    this.movedAt = 0;
  }

  /** A frame is needed. */
  request() {
    if (this.scheduled) return;
    this.askedAt = performance.now();
    this.scheduled = requestAnimationFrame((now) => this.tick(now));
  }

  /** The camera has moved. */
  moved() {
    this.moving = true;
    this.movedAt = performance.now();
    if (!this.timer) this.wait(STILL_AFTER);
    this.request();
  }

  /** @param {number} milliseconds */
  wait(milliseconds) {
    this.timer = window.setTimeout(() => {
      const left = this.movedAt + STILL_AFTER - performance.now();
      if (left > 1) this.wait(left);
      else this.still();
    }, milliseconds);
  }

  /** Come to rest now. */
  still() {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.moving = false;
    this.rested();
    this.request();
  }

  /** @param {number} now */
  tick(now) {
    this.scheduled = 0;
    if (this.draw(now)) this.request();
  }

  /** Whether nothing is going to be drawn. */
  get idle() {
    return !this.moving && !this.scheduled;
  }

  destroy() {
    cancelAnimationFrame(this.scheduled);
    window.clearTimeout(this.timer);
    this.scheduled = 0;
    this.timer = 0;
  }
}
