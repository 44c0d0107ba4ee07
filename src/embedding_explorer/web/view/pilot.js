// @ts-check
/** Moves the camera over time: flights to a view, and the ease of the mouse wheel. */
import { clamp } from "../core/camera.js";
import { flight } from "../core/flight.js";

// Time in which two thirds of a turn of the wheel are carried out.
const WHEEL_TIME = 55;
const WHEEL_DONE = 1e-3;
const FRAME = 16;

export class Pilot {
  /** @param {import("./scene.js").Scene} scene @param {{reducedMotion: boolean}} options */
  constructor(scene, { reducedMotion }) {
    this.scene = scene;
    this.reducedMotion = reducedMotion;
    /** @type {{start: number, path: ReturnType<typeof flight>, end: () => void}|null} */
    this.flight = null;
    /** @type {{left: number, anchor: import("../core/camera.js").Vector}|null} logarithm of the factor that is left */
    this.wheel = null;
    this.last = 0;
  }

  get active() {
    return this.flight !== null || this.wheel !== null;
  }

  /** Fly to a view. @param {import("../core/camera.js").Camera} view @param {boolean} animate @returns {Promise<void>} at the end, or when another movement takes over */
  fly(view, animate) {
    const from = this.scene.camera.clone();
    this.stop();
    this.scene.camera.copy(from);
    if (!animate || this.reducedMotion) {
      this.scene.camera.copy(view);
      return Promise.resolve();
    }
    return new Promise((end) => {
      this.flight = { start: performance.now(), path: flight(this.scene.camera.clone(), view), end };
    });
  }

  /** Zoom around a world point, eased. @param {number} factor @param {import("../core/camera.js").Vector} anchor */
  zoom(factor, anchor) {
    if (this.flight) this.stop();
    if (this.reducedMotion) {
      this.scene.camera.zoom(factor, anchor);
      return;
    }
    if (!this.wheel) this.last = performance.now() - FRAME;
    this.wheel = { left: clamp((this.wheel?.left ?? 0) + Math.log(factor), -3, 3), anchor };
  }

  /** A movement by hand ends all others; but a map half flat is neither in 3-D nor in 2-D, so a change of mode is carried out. */
  stop() {
    const end = this.flight?.path.at(1);
    if (end && end.flat !== this.scene.camera.flat) this.scene.camera.copy(end);
    this.flight?.end();
    this.flight = null;
    this.wheel = null;
  }

  /** Move the camera to where it is at this time. @param {number} now @returns {boolean} whether it moved */
  step(now) {
    const elapsed = clamp(now - this.last, 0, 100);
    this.last = now;
    if (this.flight) {
      const { start, path, end } = this.flight;
      const t = (now - start) / path.duration;
      this.scene.camera.copy(path.at(t));
      if (t >= 1) {
        this.flight = null;
        end();
      }
      return true;
    }
    if (!this.wheel) return false;
    const { left, anchor } = this.wheel;
    const part = Math.abs(left) < WHEEL_DONE ? left : left * (1 - Math.exp(-elapsed / WHEEL_TIME));
    this.scene.camera.zoom(Math.exp(part), anchor);
    this.wheel = part === left ? null : { left: left - part, anchor };
    return true;
  }
}
