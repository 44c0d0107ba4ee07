// @ts-check
/** A set of rows as one bit per image. */
export class RowSet {
  /**
   * @param {number} total images of the dataset
   * @param {Iterable<number>} [rows]
   */
  constructor(total, rows = []) {
    this.total = total;
    this.words = new Uint32Array((total + 31) >> 5);
    for (const row of rows) this.add(row);
  }

  /** How many rows are in it. */
  get size() {
    let size = 0;
    for (const word of this.words) size += bitsOf(word);
    return size;
  }

  /** @param {number} row */
  has(row) {
    return row >= 0 && row < this.total && ((this.words[row >> 5] >>> (row & 31)) & 1) === 1;
  }

  /** A row outside the dataset is ignored. @param {number} row @returns {this} */
  add(row) {
    if (row >= 0 && row < this.total) this.words[row >> 5] |= 1 << (row & 31);
    return this;
  }

  /** @param {number} row @returns {this} */
  delete(row) {
    if (row >= 0 && row < this.total) this.words[row >> 5] &= ~(1 << (row & 31));
    return this;
  }

  /** @param {Iterable<number>} rows @returns {this} */
  addAll(rows) {
    for (const row of rows) this.add(row);
    return this;
  }

  /** @returns {this} */
  clear() {
    this.words.fill(0);
    return this;
  }

  /** @returns {RowSet} */
  clone() {
    const copy = new RowSet(this.total);
    copy.words.set(this.words);
    return copy;
  }

  /** Rows in this or the other. @param {RowSet} other @returns {RowSet} a new set, as all of these */
  union(other) {
    return this.combined(other, (a, b) => a | b);
  }

  /** Rows in this but not in the other. @param {RowSet} other @returns {RowSet} */
  subtract(other) {
    return this.combined(other, (a, b) => a & ~b);
  }

  /** Rows in both. @param {RowSet} other @returns {RowSet} */
  intersect(other) {
    return this.combined(other, (a, b) => a & b);
  }

  /** @param {RowSet} other @param {(a: number, b: number) => number} operation @returns {RowSet} */
  combined(other, operation) {
    if (other.total !== this.total) throw new RangeError(`sets of ${this.total} and ${other.total} images cannot be combined`);
    const result = new RowSet(this.total);
    for (let i = 0; i < this.words.length; i += 1) result.words[i] = operation(this.words[i], other.words[i]);
    return result;
  }

  /** The rows in ascending order. @returns {Uint32Array} */
  rows() {
    const rows = new Uint32Array(this.size);
    let length = 0;
    for (let i = 0; i < this.words.length; i += 1) {
      for (let word = this.words[i]; word !== 0; word &= word - 1) rows[length++] = (i << 5) + 31 - Math.clz32(word & -word);
    }
    return rows;
  }

  /** @returns {IterableIterator<number>} */
  [Symbol.iterator]() {
    return this.rows().values();
  }

  /** Bit i % 8 of byte i / 8 is row i, in base64: the mask that exports take. @returns {string} */
  toBase64() {
    let text = "";
    for (let i = 0; i < (this.total + 7) >> 3; i += 1) text += String.fromCharCode((this.words[i >> 2] >>> (8 * (i & 3))) & 255);
    return btoa(text);
  }

  /**
   * @param {string} text
   * @param {number} total
   * @returns {RowSet} bits past the end of the dataset are dropped
   * @throws {DOMException} where the text is not base64
   */
  static fromBase64(text, total) {
    const bytes = atob(text);
    const set = new RowSet(total);
    for (let i = 0; i < Math.min(bytes.length, (total + 7) >> 3); i += 1) set.words[i >> 2] |= bytes.charCodeAt(i) << (8 * (i & 3));
    const rest = total & 31;
    if (rest) set.words[set.words.length - 1] &= (2 ** rest) - 1;
    return set;
  }
}

/** Ones in a word. @param {number} word */
function bitsOf(word) {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
