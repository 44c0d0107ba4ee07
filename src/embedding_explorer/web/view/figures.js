// @ts-check
/** What was drawn and how long it took, for reports and for the controller. */

// A frame that was asked for so long after the last one, in milliseconds, comes late because nobody moved the camera: a key that
// repeats slowly, a hesitating hand.
const PAUSE = 20;

export class Figures {
  constructor() {
    this.frames = 0;
    /** From the manifest's arrival to the first picture; milliseconds, as all of these. */
    this.firstDotsMs = 0;
    /** From the last movement to the complete picture. */
    this.restMs = 0;
    this.drawn = 0;
    this.tiers = { dots: 0, overview: 0, detail: 0 };
    /** Frames of the movement that goes on. */
    this.movingFrames = 0;
    /** When the camera came to rest, while the complete picture is waited for; else 0. */
    this.restedAt = 0;
    this.lastTick = 0;
    this.lastEnd = 0;
  }

  /**
   * A frame was drawn.
   * @param {boolean} moving
   * @param {{start: number, end: number, now: number, asked: number}} times of the drawing, of the screen's own clock, and when
   *   the frame was asked for
   * @returns {{drawing: number, sinceLast: number|null}|null} what it took; null where that means nothing
   */
  frame(moving, { start, end, now, asked }) {
    const sinceLast = asked - this.lastEnd < PAUSE ? now - this.lastTick : null;
    this.lastTick = now;
    this.lastEnd = end;
    this.frames += 1;
    if (moving) this.movingFrames += 1;
    // The first frame of a movement comes after a pause of any length.
    return moving && this.movingFrames > 1 ? { drawing: end - start, sinceLast } : null;
  }

  /** A picture is complete. @param {import("../draw/frame.js").Drawn} drawn @param {boolean} moving @param {number} now */
  complete({ drawn, dots, overview, detail }, moving, now) {
    this.drawn = drawn;
    this.tiers = { dots, overview, detail };
    if (moving) return;
    this.movingFrames = 0;
    if (this.restedAt) this.restMs = now - this.restedAt;
    this.restedAt = 0;
  }

  report() {
    const { frames, firstDotsMs, restMs, drawn, tiers } = this;
    return { frames, firstDotsMs, restMs, drawn, tiers };
  }
}
