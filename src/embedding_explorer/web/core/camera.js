// @ts-check
/**
 * The camera, and the string that stands for it in addresses, saved views and requests for a picture drawn by the server.
 *
 * World coordinates. A reduction with the box (low, high) is centred and scaled alike on all axes, so that its longest
 * side goes from -1 to 1:
 *
 *     world = (position - (low + high) / 2) * 2 / max(high - low)
 *
 * Camera string. Seven fields in 3-D, four in 2-D, with commas between them; numbers in plain decimal notation:
 *
 *     3d,<x>,<y>,<z>,<distance>,<yaw>,<pitch>      3d,0,0,0,2.9,-25,18
 *     2d,<x>,<y>,<distance>                        2d,0.12,-0.4,1.5
 *
 * (x, y, z) is the point looked at, in world coordinates; distance is that of the eye from it, 0.005 to 50; yaw and pitch
 * are degrees, pitch from -90 to 90. The eye is at
 *
 *     target + distance * (sin yaw cos pitch, sin pitch, cos yaw cos pitch)      with +y up on the screen,
 *
 * so yaw 0, pitch 0 looks along -z: x to the right, y upwards. 2-D is the same camera with yaw and pitch 0 and every z set
 * to 0. The field of view is 40 degrees over the *shorter* side of the picture, so a string shows the same part of a map
 * whatever the shape of the window. With f = min(width, height) / 2 / tan(20 degrees) and a point's camera coordinates
 * (right, up, depth), its pixel is
 *
 *     x = width / 2 + f * right / depth,  y = height / 2 - f * up / depth
 *
 * and it is not drawn when depth < 0.15 * distance. What does not parse stands for no camera: the home view.
 */
import { lookAt, multiply, perspective } from "./matrix.js";

export const FIELD_OF_VIEW = (40 * Math.PI) / 180;
export const MIN_DISTANCE = 0.005;
export const MAX_DISTANCE = 50;
/** What is nearer than this part of the camera's distance is not drawn: it would hide what is looked at. */
export const NEAR = 0.15;
// World coordinates end at 1; a map somewhat off the centre of the screen is still of use, one far away is lost.
const MAX_TARGET = 4;
// In 2-D a trace of depth remains, to tell which of two images at one place lies in front. Nobody can see it.
const FLAT_DEPTH = 1e-4;
const MAX_PITCH = (89.9 * Math.PI) / 180;

/** @typedef {import("./matrix.js").Vector} Vector */
/** @typedef {{width: number, height: number}} Viewport */

export class Camera {
  constructor() {
    /** @type {Vector} */
    this.target = [0, 0, 0];
    this.distance = 2.9;
    this.yaw = 0;
    this.pitch = 0;
    /** How much the map is flattened: 0 in 3-D, 1 in 2-D, between them on the way. */
    this.flat = 0;
  }

  /** @returns {"3d"|"2d"} */
  get mode() {
    return this.flat >= 0.5 ? "2d" : "3d";
  }

  /** @returns {Camera} */
  clone() {
    return new Camera().copy(this);
  }

  /** @param {Camera} other @returns {this} */
  copy(other) {
    this.target = [...other.target];
    this.distance = other.distance;
    this.yaw = other.yaw;
    this.pitch = other.pitch;
    this.flat = other.flat;
    return this;
  }

  /** Unit vectors of the screen in world coordinates. @returns {{right: Vector, up: Vector, back: Vector}} */
  axes() {
    const [sy, cy, sp, cp] = [Math.sin(this.yaw), Math.cos(this.yaw), Math.sin(this.pitch), Math.cos(this.pitch)];
    return { right: [cy, 0, -sy], up: [-sy * sp, cp, -cy * sp], back: [sy * cp, sp, cy * cp] };
  }

  /** @returns {Vector} */
  get eye() {
    const { back } = this.axes();
    return add(this.target, back, this.distance);
  }

  /** The factor of every z in the present mode. */
  get depthScale() {
    return 1 - this.flat + this.flat * FLAT_DEPTH * this.distance;
  }

  /**
   * World to clip coordinates; w is the depth.
   * @param {Viewport} viewport
   * @returns {Float32Array}
   */
  matrix(viewport) {
    const focal = 2 * focalLength(viewport);
    const far = this.distance + 6 + 2 * MAX_TARGET;
    const projection = perspective(focal / viewport.width, focal / viewport.height, NEAR * this.distance, far);
    const m = multiply(projection, lookAt(this.eye, this.target, this.axes().up));
    for (let row = 0; row < 4; row += 1) m[8 + row] *= this.depthScale;
    return m;
  }

  /**
   * The world point under a pixel.
   * @param {number} x pixels from the left
   * @param {number} y pixels from the top
   * @param {Viewport} viewport
   * @param {number} [depth] distance in front of the camera
   * @returns {Vector}
   */
  unproject(x, y, viewport, depth = this.distance) {
    const { right, up, back } = this.axes();
    const scale = depth / focalLength(viewport);
    const start = add(this.eye, back, -depth);
    return add(add(start, right, (x - viewport.width / 2) * scale), up, (viewport.height / 2 - y) * scale);
  }

  /**
   * Turn around a point, which stays where it is on the screen.
   * @param {number} yaw radians
   * @param {number} pitch radians
   * @param {ArrayLike<number>} [pivot] the point looked at unless given
   */
  orbit(yaw, pitch, pivot = this.target) {
    const old = this.axes();
    const arm = [this.target[0] - pivot[0], this.target[1] - pivot[1], this.target[2] - pivot[2]];
    const [r, u, b] = [old.right, old.up, old.back].map((axis) => axis[0] * arm[0] + axis[1] * arm[1] + axis[2] * arm[2]);
    this.yaw = wrap(this.yaw + yaw);
    this.pitch = clamp(this.pitch + pitch, -MAX_PITCH, MAX_PITCH);
    const { right, up, back } = this.axes();
    this.target = bounded(add(add(add([pivot[0], pivot[1], pivot[2]], right, r), up, u), back, b));
  }

  /**
   * Move with the pointer: what lies at `depth` follows it exactly.
   * @param {number} dx pixels to the right
   * @param {number} dy pixels down
   * @param {Viewport} viewport
   * @param {number} [depth]
   */
  pan(dx, dy, viewport, depth = this.distance) {
    const { right, up } = this.axes();
    const scale = depth / focalLength(viewport);
    this.target = bounded(add(add(this.target, right, -dx * scale), up, dy * scale));
  }

  /**
   * Come nearer (factor < 1) or go away, around a point, which stays where it is on the screen.
   * @param {number} factor
   * @param {ArrayLike<number>} [centre]
   */
  zoom(factor, centre = this.target) {
    const distance = clamp(this.distance * factor, MIN_DISTANCE, MAX_DISTANCE);
    const s = distance / this.distance;
    this.distance = distance;
    const [x, y, z] = [0, 1, 2].map((i) => centre[i] + (this.target[i] - centre[i]) * s);
    this.target = bounded([x, y, z]);
  }

  /** The short form described above; fromString(toString()) is the same view. @returns {string} */
  toString() {
    // So exact that nobody sees the difference: the nearer, the more decimals.
    const decimals = clamp(Math.ceil(4 - Math.log10(this.distance)), 4, 7);
    const [x, y, z, distance] = [...this.target, this.distance].map((value) => short(value, decimals));
    if (this.mode === "2d") return ["2d", x, y, distance].join(",");
    const angles = [this.yaw, this.pitch].map((angle) => short((angle * 180) / Math.PI, 3));
    return ["3d", x, y, z, distance, ...angles].join(",");
  }

  /**
   * @param {string} text
   * @returns {Camera|null} null where the text stands for no camera
   */
  static fromString(text) {
    const [mode, ...fields] = text.split(",");
    const numbers = fields.map((field) => (/^-?\d{1,5}(\.\d{1,9})?$/.test(field) ? Number(field) : NaN));
    if (numbers.length !== (mode === "3d" ? 6 : mode === "2d" ? 3 : -1) || numbers.some(Number.isNaN)) return null;
    const [x, y, z, distance, yaw, pitch] = mode === "3d" ? numbers : [numbers[0], numbers[1], 0, numbers[2], 0, 0];
    const camera = new Camera();
    camera.target = bounded([x, y, z]);
    camera.distance = clamp(distance, MIN_DISTANCE, MAX_DISTANCE);
    camera.yaw = wrap((yaw * Math.PI) / 180);
    camera.pitch = clamp((pitch * Math.PI) / 180, -MAX_PITCH, MAX_PITCH);
    camera.flat = mode === "2d" ? 1 : 0;
    return camera;
  }
}

/** Pixels of a world unit at depth 1. @param {Viewport} viewport */
export function focalLength({ width, height }) {
  return Math.min(width, height) / 2 / Math.tan(FIELD_OF_VIEW / 2);
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** An angle as -pi to pi. @param {number} angle */
export function wrap(angle) {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}

/** a + b * factor. @param {Vector} a @param {Vector} b @param {number} factor @returns {Vector} */
function add(a, b, factor) {
  return [a[0] + b[0] * factor, a[1] + b[1] * factor, a[2] + b[2] * factor];
}

/** @param {Vector} point @returns {Vector} */
function bounded(point) {
  return [clamp(point[0], -MAX_TARGET, MAX_TARGET), clamp(point[1], -MAX_TARGET, MAX_TARGET), clamp(point[2], -MAX_TARGET, MAX_TARGET)];
}

/** Fixed decimals without the zeros at the end. @param {number} value @param {number} decimals */
function short(value, decimals) {
  return String(Number(value.toFixed(decimals)) || 0);
}
