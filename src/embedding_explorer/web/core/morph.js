// @ts-check
/** The places of one map's images on another map of the same pictures. Pure. */
import { NO_ROW } from "./matching.js";
import { spaceOf } from "./positions.js";

/** @typedef {import("./positions.js").Positions} Positions */

/**
 * Positions of the images of `a` where `b` has them, both maps filling the same world; an image that `b` lacks stays.
 * @param {Positions} a
 * @param {Positions} b
 * @param {Uint32Array} matches row of `b` for each row of `a`
 * @returns {Positions} in world coordinates
 */
export function placesOn(a, b, matches) {
  const own = spaceOf(a), other = spaceOf(b);
  const axis = (/** @type {"x"|"y"|"z"} */ name, /** @type {number} */ i) => {
    const values = new Float32Array(a.n);
    for (let row = 0; row < a.n; row += 1) {
      const match = matches[row];
      values[row] = match === NO_ROW ? a[name][row] * own.scale[i] + own.offset[i] : b[name][match] * other.scale[i] + other.offset[i];
    }
    return values;
  };
  return { n: a.n, x: axis("x", 0), y: axis("y", 1), z: axis("z", 2), box: Float32Array.of(-1, -1, -1, 1, 1, 1) };
}
