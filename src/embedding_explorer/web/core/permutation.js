// @ts-check
/** Random order that is the same for the same seed. */

/**
 * Numbers from 0 up to 1, evenly spread (mulberry32).
 * @param {number} seed
 * @returns {() => number}
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** All numbers below n in order. @param {number} n @returns {Uint32Array} */
export function counting(n) {
  const numbers = new Uint32Array(n);
  for (let i = 0; i < n; i += 1) numbers[i] = i;
  return numbers;
}

/**
 * All numbers below n in random order (Fisher-Yates): any beginning of it is a fair sample.
 * @param {number} n
 * @param {number} [seed]
 * @returns {Uint32Array}
 */
export function permutation(n, seed = 1) {
  const order = counting(n);
  const next = random(seed);
  for (let i = n - 1; i > 0; i -= 1) {
    const other = Math.floor(next() * (i + 1));
    const kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  return order;
}
