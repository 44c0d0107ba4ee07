// @ts-check
/**
 * The way of the camera from one view to another: away from the first, over, and near to the second, so that the eye keeps
 * track. After van Wijk and Nuij, "Smooth and efficient zooming and panning", 2003.
 */
import { Camera, clamp, wrap } from "./camera.js";

const RHO = 1.3;
const SHORTEST = 260;
const LONGEST = 1000;
const MILLISECONDS_PER_LENGTH = 420;

/**
 * @param {Camera} from
 * @param {Camera} to
 * @returns {{duration: number, at: (t: number) => Camera}} milliseconds; t from 0 to 1, already eased
 */
export function flight(from, to) {
  const step = to.target.map((value, i) => value - from.target[i]);
  const way = path(from.distance, to.distance, Math.hypot(step[0], step[1], step[2]));
  const turn = [wrap(to.yaw - from.yaw), to.pitch - from.pitch, to.flat - from.flat];
  const length = Math.max(Math.abs(way.length), ...turn.map((angle) => Math.abs(angle)));
  return {
    duration: clamp(length * MILLISECONDS_PER_LENGTH, SHORTEST, LONGEST),
    at(t) {
      const s = ease(clamp(t, 0, 1));
      const camera = new Camera().copy(to);
      if (s >= 1) return camera;
      const { distance, share } = way.at(s);
      camera.distance = distance;
      camera.target = /** @type {[number, number, number]} */ (from.target.map((value, i) => value + step[i] * share));
      camera.yaw = wrap(from.yaw + turn[0] * s);
      camera.pitch = from.pitch + turn[1] * s;
      camera.flat = from.flat + turn[2] * s;
      return camera;
    },
  };
}

/** Slow, fast, slow. @param {number} t */
export function ease(t) {
  return t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
}

/** @param {number} w0 @param {number} w1 @param {number} u1 distance of the targets */
function path(w0, w1, u1) {
  if (u1 < 1e-6 * w0) {
    const length = Math.log(w1 / w0) / RHO;
    return { length, at: (/** @type {number} */ s) => ({ distance: w0 * Math.exp(RHO * length * s), share: s }) };
  }
  const b = (/** @type {number} */ w, /** @type {number} */ sign) =>
    (w1 * w1 - w0 * w0 + sign * RHO ** 4 * u1 * u1) / (2 * w * RHO * RHO * u1);
  const r0 = -Math.asinh(b(w0, 1)), r1 = -Math.asinh(b(w1, -1));
  const length = (r1 - r0) / RHO;
  return {
    length,
    at: (/** @type {number} */ s) => ({
      distance: (w0 * Math.cosh(r0)) / Math.cosh(RHO * length * s + r0),
      share: ((w0 / RHO ** 2) * (Math.cosh(r0) * Math.tanh(RHO * length * s + r0) - Math.sinh(r0))) / u1,
    }),
  };
}
