// @ts-check
/** Which picture lies in which slot of a texture; the one not used for longest makes room. */
export class SlotCache {
  /** @param {number} capacity slots, numbered from 0 */
  constructor(capacity) {
    this.capacity = capacity;
    // A Map remembers the order in which keys were put in: the first is the one not used for longest.
    /** @type {Map<number, number>} */
    this.slots = new Map();
    /** @type {number[]} slots that are free, the next one last */
    this.free = [];
    this.clear();
  }

  get size() {
    return this.slots.size;
  }

  /** The slot of a key, without counting as a use. @param {number} key @returns {number} -1 where it has none */
  peek(key) {
    return this.slots.get(key) ?? -1;
  }

  /** The slot of a key, which is now the last one to make room. @param {number} key @returns {number} -1 where it has none */
  use(key) {
    const slot = this.slots.get(key);
    if (slot === undefined) return -1;
    this.slots.delete(key);
    this.slots.set(key, slot);
    return slot;
  }

  /**
   * Give a key a slot.
   * @param {number} key
   * @returns {{slot: number, evicted: number}} evicted: the key that had it before, -1 for none
   */
  take(key) {
    const present = this.use(key);
    if (present >= 0) return { slot: present, evicted: -1 };
    let slot = this.free.pop() ?? -1;
    let evicted = -1;
    if (slot < 0) {
      [evicted, slot] = /** @type {[number, number]} */ (this.slots.entries().next().value);
      this.slots.delete(evicted);
    }
    this.slots.set(key, slot);
    return { slot, evicted };
  }

  /** Give a key's slot back. @param {number} key */
  drop(key) {
    const slot = this.slots.get(key);
    if (slot === undefined) return;
    this.slots.delete(key);
    this.free.push(slot);
  }

  /** Forget everything. */
  clear() {
    this.slots.clear();
    this.free = Array.from({ length: this.capacity }, (_, i) => this.capacity - 1 - i);
  }
}
