// @ts-check
/** Mouse, pen and touch on the canvas, as movements of the camera, clicks and outlines. */
import { Lasso } from "./lasso.js";

// A press that moves less than this is a click.
const CLICK = 4;
const DOUBLE_CLICK = 350;
const TURN = 0.0055;
const WHEEL = 0.0016;
const WHEEL_LINE = 32;
const WHEEL_MOST = 0.7;
// Wheel events closer than this belong together and keep their centre.
const WHEEL_PAUSE = 250;

/** @typedef {{x: number, y: number}} Point */
/** @typedef {import("../core/camera.js").Vector} Vector */

/**
 * What is told of the gestures.
 * @typedef {object} Told
 * @property {() => "orbit"|"box"|"lasso"} tool
 * @property {() => "3d"|"2d"} mode
 * @property {(x: number, y: number) => Vector} pivot
 * @property {(yaw: number, pitch: number, pivot: Vector) => void} orbit
 * @property {(dx: number, dy: number, pivot: Vector) => void} pan
 * @property {(factor: number, pivot: Vector, atOnce: boolean) => void} zoom
 * @property {(point: Point|null, touch: boolean) => void} hover
 * @property {(point: Point, event: PointerEvent, double: boolean) => void} pick
 * @property {(lasso: Lasso, event: PointerEvent) => void} outline
 */

export class Gestures {
  /** @param {HTMLCanvasElement} canvas @param {Told} view */
  constructor(canvas, view) {
    this.canvas = canvas;
    this.view = view;
    /** @type {Map<number, Point>} pointers that are down */
    this.down = new Map();
    /** @type {{start: Point, moved: boolean, action: "orbit"|"pan"|"outline"|"pinch", pivot: Vector, lasso: Lasso|null}|null} */
    this.press = null;
    this.lastClick = { time: -Infinity, x: 0, y: 0 };
    this.wheelAt = -Infinity;
    /** @type {Vector} */
    this.wheelPivot = [0, 0, 0];
    this.stops = this.listen();
    canvas.style.touchAction = "none";
  }

  listen() {
    /** @type {[string, (event: any) => void][]} */
    const handlers = [
      ["pointerdown", (event) => this.start(event)],
      ["pointermove", (event) => this.move(event)],
      ["pointerup", (event) => this.end(event, true)],
      ["pointercancel", (event) => this.end(event, false)],
      ["pointerleave", () => this.down.size === 0 && this.view.hover(null, false)],
      ["wheel", (event) => this.wheel(event)],
      ["contextmenu", (event) => event.preventDefault()],
    ];
    return handlers.map(([type, handler]) => {
      this.canvas.addEventListener(type, handler, { passive: false });
      return () => this.canvas.removeEventListener(type, handler);
    });
  }

  /** CSS pixels in the canvas. @param {MouseEvent} event @returns {Point} */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  start(event) {
    const point = this.at(event);
    this.down.set(event.pointerId, point);
    this.canvas.setPointerCapture(event.pointerId);
    if (this.down.size > 2) return;
    this.press?.lasso?.remove();
    const middle = this.middle();
    const action = this.down.size === 2 ? "pinch" : this.actionOf(event);
    const pivot = action === "outline" ? this.wheelPivot : this.view.pivot(middle.x, middle.y);
    this.press = { start: point, moved: this.down.size === 2, action, pivot, lasso: null };
    this.view.hover(null, event.pointerType === "touch");
  }

  /** @param {PointerEvent} event @returns {"orbit"|"pan"|"outline"} */
  actionOf(event) {
    const flat = this.view.mode() === "2d";
    const plain = event.button === 0;
    if (plain && this.view.tool() !== "orbit") return "outline";
    if (event.button === 1 || flat) return "pan";
    if (this.view.tool() !== "orbit") return "orbit";
    return plain && !event.shiftKey ? "orbit" : "pan";
  }

  /** @param {PointerEvent} event */
  move(event) {
    const point = this.at(event);
    const before = this.down.get(event.pointerId);
    if (!before || !this.press) {
      if (event.buttons === 0) this.view.hover(point, event.pointerType === "touch");
      return;
    }
    const { press } = this;
    if (!press.moved && Math.hypot(point.x - press.start.x, point.y - press.start.y) < CLICK) return;
    press.moved = true;
    if (press.action === "pinch") this.pinch(event.pointerId, point);
    else this.drag(press, before, point);
    this.down.set(event.pointerId, point);
  }

  /** @param {NonNullable<Gestures["press"]>} press @param {Point} before @param {Point} point */
  drag(press, before, point) {
    const [dx, dy] = [point.x - before.x, point.y - before.y];
    if (press.action === "orbit") this.view.orbit(-dx * TURN, dy * TURN, press.pivot);
    else if (press.action === "pan") this.view.pan(dx, dy, press.pivot);
    else {
      press.lasso ??= new Lasso(this.canvas, this.view.tool() === "box" ? "box" : "lasso", press.start.x, press.start.y);
      press.lasso.extend(point.x, point.y);
    }
  }

  /** Two fingers: they hold the map. @param {number} id @param {Point} point */
  pinch(id, point) {
    const [before, spread] = [this.middle(), this.spread()];
    this.down.set(id, point);
    const after = this.middle();
    const pivot = this.press?.pivot ?? this.view.pivot(after.x, after.y);
    this.view.pan(after.x - before.x, after.y - before.y, pivot);
    if (this.spread() > 0 && spread > 0) this.view.zoom(spread / this.spread(), pivot, true);
  }

  middle() {
    const points = [...this.down.values()].slice(0, 2);
    return { x: points.reduce((sum, p) => sum + p.x, 0) / points.length, y: points.reduce((sum, p) => sum + p.y, 0) / points.length };
  }

  spread() {
    const [a, b] = [...this.down.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  }

  /** @param {PointerEvent} event @param {boolean} meant false: the browser took the pointer away */
  end(event, meant) {
    const point = this.at(event);
    const { press } = this;
    if (!this.down.delete(event.pointerId) || !press) return;
    press.lasso?.remove();
    if (meant && press.lasso && press.action === "outline") this.view.outline(press.lasso, event);
    else if (meant && !press.moved && event.button === 0) this.click(point, event);
    // Of three fingers two go on as they were.
    if (this.down.size > 1) return;
    // One of two fingers stays: it goes on by itself, and is no click.
    const rest = [...this.down.values()][0];
    const pivot = rest && this.view.pivot(rest.x, rest.y);
    this.press = rest && pivot ? { start: rest, moved: true, action: this.view.mode() === "2d" ? "pan" : "orbit", pivot, lasso: null } : null;
  }

  /** @param {Point} point @param {PointerEvent} event */
  click(point, event) {
    const now = performance.now();
    const { lastClick } = this;
    const double = now - lastClick.time < DOUBLE_CLICK && Math.hypot(point.x - lastClick.x, point.y - lastClick.y) < 2 * CLICK;
    this.lastClick = { time: double ? -Infinity : now, ...point };
    this.view.pick(point, event, double);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const point = this.at(event);
    const now = performance.now();
    if (now - this.wheelAt > WHEEL_PAUSE) this.wheelPivot = this.view.pivot(point.x, point.y);
    this.wheelAt = now;
    const lines = event.deltaMode === 1 ? WHEEL_LINE : event.deltaMode === 2 ? 10 * WHEEL_LINE : 1;
    // A pinch on a touchpad arrives as small steps of the wheel with the control key.
    const speed = event.ctrlKey ? 6 * WHEEL : WHEEL;
    const turn = Math.max(-WHEEL_MOST, Math.min(WHEEL_MOST, event.deltaY * lines * speed));
    this.view.zoom(Math.exp(turn), this.wheelPivot, event.ctrlKey);
  }

  destroy() {
    for (const stop of this.stops) stop();
    this.press?.lasso?.remove();
  }
}
