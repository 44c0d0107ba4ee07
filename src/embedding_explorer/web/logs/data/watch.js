// @ts-check
/** Asks again and again, gently: less often while nothing changes or answers take long, not at all in a hidden tab. */

const LEAST = 2500; // ms between two looks
const MOST = 10_000; // … while nothing changes: new records are to be seen soon all the same
const SLOWER = 1.4;
const SHARE = 8; // so many times as long as a look took is waited

export class Watch {
  /** @param {() => Promise<boolean>} look tells whether anything was new; must not throw */
  constructor(look) {
    this.look = look;
    this.wait = LEAST;
    this.timer = 0;
    this.on = false;
    this.busy = false;
    document.addEventListener("visibilitychange", () => !document.hidden && this.on && this.#soon(0));
  }

  /** @param {boolean} on */
  set(on) {
    this.on = on;
    clearTimeout(this.timer);
    if (on) this.#soon(LEAST);
  }

  /** Look now. */
  async now() {
    clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    const start = performance.now();
    const changed = await this.look();
    this.wait = nextWait(this.wait, changed, performance.now() - start);
    this.busy = false;
    if (this.on) this.#soon(this.wait);
  }

  /** @param {number} wait */
  #soon(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => !document.hidden && void this.now(), wait);
  }
}

/** How long to wait until the next look. @param {number} before ms @param {boolean} changed @param {number} took ms */
export function nextWait(before, changed, took) {
  return Math.max(changed ? LEAST : Math.min(MOST, before * SLOWER), took * SHARE);
}
