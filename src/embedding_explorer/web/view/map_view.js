// @ts-check
/** The map of a dataset on a canvas: everything drawn and pointed at, behind one object. */
import { Camera } from "../core/camera.js";
import { createRenderer } from "../draw/renderer.js";
import { idOf, makeControls } from "./controls.js";
import { Engine } from "./engine.js";
import { Shown } from "./shown.js";
import { Travel } from "./travel.js";

/** @typedef {import("../data/map_data.js").MapData} MapData */
/** @typedef {import("./travel.js").Mode} Mode */
/** @typedef {"orbit"|"box"|"lasso"} Tool */
/** @typedef {{quality?: import("../draw/renderer.js").Quality, seed?: number, reducedMotion?: boolean}} Options */

/**
 * Events (`detail`): hover {row|-1, layer, x, y}, pick {row|-1, layer, x, y, shift, alt, ctrl, double}, select {rows, mode, kind},
 * move {}, rest {}, overlay {shown}, shown {drawn, total, moving}, notice {level, text}, escape {}. Pixels are CSS pixels in the canvas.
 */
export class MapView extends EventTarget {
  /**
   * @param {HTMLCanvasElement} canvas with a size from the style sheet
   * @param {Options} [options]
   * @returns {Promise<MapView>}
   */
  static async create(canvas, options = {}) {
    return new MapView(canvas, options);
  }

  /** @param {HTMLCanvasElement} canvas @param {Options} options */
  constructor(canvas, { quality = "auto", seed = 1, reducedMotion = false }) {
    super();
    /** Everything that was told by "notice" so far. @type {{level: string, text: string}[]} */
    this.notices = [];
    const notice = (/** @type {string} */ level, /** @type {string} */ text) => this.emit("notice", { level, text });
    this.renderer = createRenderer(canvas, quality, notice, seed);
    this.engine = new Engine(this.renderer, { reducedMotion, emit: (type, detail) => this.emit(type, detail) });
    /** @type {Tool} */
    this.tool = "orbit";
    this.shown = new Shown(this.engine, notice, () => this.emit("overlay", { shown: false }));
    this.travel = new Travel(this.engine);
    this.stopControls = makeControls(this, this.engine);
    this.setTool("orbit");
  }

  get canvas() {
    return this.renderer.canvas;
  }

  /** @param {string} type @param {object} detail */
  emit(type, detail) {
    if (type === "move") this.hoverAt(null); // what is under the pointer is another image now
    if (type !== "notice") {
      this.dispatchEvent(new CustomEvent(type, { detail }));
      return;
    }
    this.notices.push(/** @type {{level: string, text: string}} */ (detail));
    // A little later: whoever made this view has then had the time to listen.
    setTimeout(() => this.dispatchEvent(new CustomEvent(type, { detail })), 0);
  }

  /** Show a dataset. @param {MapData} data @param {string} [reducer] @returns {Promise<void>} when the first dots were drawn */
  async show(data, reducer) {
    await this.shown.show(data, reducer);
  }

  /** Let the images glide to another reduction's places. @param {string} reducer @param {{animate?: boolean}} [options] @returns {Promise<void>} at the end */
  setReduction(reducer, { animate = true } = {}) {
    return this.shown.setReduction(reducer, animate);
  }

  /**
   * Let the images lie between their places, or those of `from`, and others, as `morph` says, until null is given.
   * @param {import("../core/positions.js").Positions|null} positions by row
   * @param {import("../core/positions.js").Positions|null} [from]
   */
  setMorph(positions, from = null) {
    if (positions && from) this.engine.layers.holdBetween(from, positions);
    else this.engine.layers.hold(positions);
    this.engine.moved();
  }

  /** How far the images are on the way to the places of `setMorph`, 0 to 1. */
  get morph() {
    const set = this.engine.scene.set(0);
    return set?.held ? set.t : 0;
  }

  set morph(t) {
    const set = this.engine.scene.set(0);
    if (!set?.held) return;
    set.t = Math.min(1, Math.max(0, t));
    this.engine.moved();
  }

  /** Draw a second dataset in the same space, outlined; null for none. @param {MapData|null} data @param {string} [reducer] @returns {Promise<void>} */
  setOverlay(data, reducer) {
    return this.shown.setOverlay(data, reducer);
  }

  /** @param {number} layer */
  set(layer) {
    return this.engine.set(layer);
  }

  /** @param {Uint8Array} index palette index of each row @param {Uint8Array} palette RGBA of 256 indices @param {number} [layer] */
  setColours(index, palette, layer = 0) {
    this.set(layer).setColours(index, palette);
    this.engine.changed();
  }

  /** Whether pictures have a frame in their colour. @param {boolean} on */
  setTint(on) {
    this.engine.scene.tint = on;
    this.engine.changed();
  }

  /** @param {Uint8Array} flags bits of core/flags.js for each row @param {number} [layer] */
  setFlags(flags, layer = 0) {
    const set = this.set(layer);
    set.setFlags(flags);
    this.engine.changed(true);
  }

  /** Factor of the images' size, 1 by default, 0.25 to 4. */
  get size() {
    return this.engine.scene.size;
  }

  set size(factor) {
    this.engine.scene.size = Math.min(4, Math.max(0.25, factor));
    this.engine.moved();
  }

  /** The view as a short string; see core/camera.js. An unreadable one stands for the home view. */
  get camera() {
    return this.engine.scene.camera.toString();
  }

  set camera(text) {
    this.travel.jump(text);
  }

  /** See what another view sees, as it moves. @param {string} text its camera */
  follow(text) {
    const camera = text === this.camera ? null : Camera.fromString(text);
    if (!camera) return;
    this.engine.pilot.stop();
    this.engine.scene.mode = camera.mode;
    this.engine.scene.camera.copy(camera);
    this.engine.moved();
  }

  /** Draw an image as if the pointer were on it; -1 for none. @param {number} row */
  point(row) {
    const set = this.engine.scene.set(0);
    this.engine.hover(set && row >= 0 ? { layer: 0, place: set.places[row] } : null);
  }

  get mode() {
    return this.engine.scene.mode;
  }

  /** @param {Mode} mode @param {{animate?: boolean}} [options] @returns {Promise<void>} at the end of the change */
  setMode(mode, { animate = true } = {}) {
    return this.travel.setMode(mode, animate);
  }

  /** @param {Tool} tool */
  setTool(tool) {
    this.tool = tool;
    this.canvas.style.cursor = tool === "orbit" ? "grab" : "crosshair";
  }

  /** @param {import("./travel.js").Place} where @param {{animate?: boolean}} [options] @returns {Promise<void>} */
  flyTo(where, { animate = true } = {}) {
    return this.travel.to(where, animate);
  }

  /** Where an image is on the screen; null where its dataset is not shown. @param {number} row @param {number} [layer] */
  project(row, layer = 0) {
    const set = this.engine.scene.set(layer);
    return set ? this.engine.scene.project(set, row) : null;
  }

  /** The image under a pixel, or near it. @param {number} x @param {number} y @param {number} radius @returns {{row: number, layer: number}|null} */
  nearest(x, y, radius) {
    const hit = this.engine.scene.nearest(x, y, radius);
    return hit && { row: hit.row, layer: hit.layer };
  }

  /** Rows of the map in the viewport. @returns {Uint32Array} */
  visibleRows() {
    return this.engine.scene.rowsOnScreen(this.set(0));
  }

  /** Draw an image over all others while none is under the pointer; -1 for none. @param {number} row @param {number} [layer] */
  raise(row, layer = 0) {
    const set = row < 0 ? null : this.engine.scene.set(layer);
    this.engine.raise(set ? { layer, place: set.places[row] } : null);
  }

  /** @param {{x: number, y: number}|null} point */
  hoverAt(point) {
    const { engine } = this;
    const hit = point && !engine.clock.moving ? engine.scene.nearest(point.x, point.y, 6) : null;
    const before = engine.scene.hovered;
    if (before?.layer === hit?.layer && before?.place === hit?.place) return;
    engine.hover(hit && { layer: hit.layer, place: hit.place });
    if (this.tool === "orbit") this.canvas.style.cursor = hit ? "pointer" : "grab";
    this.emit("hover", { ...idOf(hit), x: point?.x ?? 0, y: point?.y ?? 0 });
  }

  /** @param {import("./lasso.js").Lasso} lasso @param {{shift: boolean, alt: boolean}} keys */
  select(lasso, { shift, alt }) {
    const { scene } = this.engine;
    const set = scene.set(0);
    if (!set) return;
    this.emit("select", { rows: scene.rowsWithin(set, lasso), mode: shift ? "add" : alt ? "subtract" : "replace", kind: lasso.kind });
  }

  /** A PNG of what is seen. @returns {Promise<Blob>} */
  snapshot() {
    this.engine.changed();
    while (this.engine.draw(performance.now()) && this.engine.todo.picture);
    return new Promise((done, fail) => this.canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("The browser made no picture."))), "image/png"));
  }

  stats() {
    return this.engine.stats();
  }

  /** @returns {Promise<void>} when the camera rests and all pictures are drawn */
  settled() {
    return this.engine.settled();
  }

  destroy() {
    this.stopControls();
    this.shown.destroy();
    this.engine.destroy();
  }
}
