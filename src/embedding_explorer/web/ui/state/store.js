// @ts-check
/** The state of the page: one object, changed only by `set`, told to whoever asked for the keys that changed. */

/** @template {Record<string, any>} S */
export class Store {
  /** @param {S} initial */
  constructor(initial) {
    /** @type {S} */
    this.state = { ...initial };
    /** @type {Set<{keys: string[], listener: (state: S) => void}>} */
    this.listeners = new Set();
    /** @type {Set<string>} */
    this.changed = new Set();
    this.scheduled = false;
  }

  /**
   * Change values. Listeners hear of it once, at the end of the present task, however many changes there were.
   * @param {Partial<S>} patch
   */
  set(patch) {
    for (const [key, value] of Object.entries(patch)) {
      if (Object.is(this.state[key], value)) continue;
      this.state = { ...this.state, [key]: value };
      this.changed.add(key);
    }
    if (this.changed.size && !this.scheduled) {
      this.scheduled = true;
      queueMicrotask(() => this.flush());
    }
  }

  /** Tell the listeners now. */
  flush() {
    this.scheduled = false;
    const { changed } = this;
    this.changed = new Set();
    for (const entry of [...this.listeners]) {
      if (this.listeners.has(entry) && entry.keys.some((key) => changed.has(key))) guarded(entry.listener, this.state);
    }
  }

  /**
   * Call `listener` when one of `keys` changed.
   * @param {(keyof S & string)[]} keys
   * @param {(state: S) => void} listener
   * @param {{now?: boolean}} [options] now: also call it at once
   * @returns {() => void} stops it
   */
  on(keys, listener, { now = false } = {}) {
    const entry = { keys, listener };
    this.listeners.add(entry);
    if (now) listener(this.state);
    return () => this.listeners.delete(entry);
  }
}

/**
 * One panel's mistake must not keep the others from hearing of a change.
 * @template S
 * @param {(state: S) => void} listener
 * @param {S} state
 */
function guarded(listener, state) {
  try {
    listener(state);
  } catch (error) {
    reportError(error);
  }
}
