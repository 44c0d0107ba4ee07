// @ts-check
/** Draws the scene when it must be drawn, and keeps the figures. */
import { FrameController } from "../core/controller.js";
import { Clock } from "./clock.js";
import { Figures } from "./figures.js";
import { Layers } from "./layers.js";
import { Pilot } from "./pilot.js";
import { Scene } from "./scene.js";
import { watchSize } from "./size.js";
import { readTheme, watchTheme } from "./theme.js";

// While the camera moves, what is fetched is thought over in every tenth frame only.
const REFRESH_EVERY = 10;
// A machine without a graphics processor draws so many dots within a frame; the controller finds out the rest.
const SOFTWARE_DOTS = 500_000;
const POLL = 30;
// A picture drawn in slices is finished before others are handed over; then come those of so many frames at most.
const MOST_FRAMES = 8;

/** @typedef {import("../draw/frame.js").Renderer} Renderer */

export class Engine {
  /**
   * @param {Renderer} renderer
   * @param {{reducedMotion: boolean, emit: (type: string, detail: object) => void}} options
   */
  constructor(renderer, { reducedMotion, emit }) {
    this.renderer = renderer;
    this.emit = emit;
    this.scene = new Scene(readTheme(renderer.canvas));
    Object.assign(this.scene, { pointLimit: renderer.pointLimit, slots: renderer.slots });
    this.pilot = new Pilot(this.scene, { reducedMotion });
    this.clock = new Clock((now) => this.draw(now), () => this.rested());
    this.layers = new Layers(renderer, this.scene, {
      arrived: () => this.changed(),
      changed: () => this.changed(true),
      fail: (error) => this.failed(error),
    });
    this.controller = new FrameController({ limit: renderer.frameLimit });
    this.figures = new Figures();
    /** What the next frame has to do. */
    this.todo = { picture: true, refresh: true, hover: false };
    /** Whether a picture drawn in slices is not complete yet, and for how many frames others have waited for it. */
    this.unfinished = false;
    this.waited = 0;
    this.destroyed = false;
    this.stops = [watchTheme(() => this.themeChanged()), watchSize(renderer.canvas, () => this.resize())];
    renderer.onRestored = () => {
      this.layers.reset();
      this.changed(true);
    };
    this.resize();
  }

  /** Follow the canvas's size on the page. */
  resize() {
    const { scene, renderer } = this;
    const { clientWidth: width, clientHeight: height } = renderer.canvas;
    if (width === 0 || height === 0) return;
    const ratio = Math.min(window.devicePixelRatio, renderer.ratioLimit, Math.sqrt(renderer.pixelLimit / (width * height)));
    if (width === scene.viewport.width && height === scene.viewport.height && ratio === scene.ratio) return;
    const atHome = this.atHome;
    scene.viewport = { width, height };
    scene.ratio = ratio;
    renderer.resize(Math.round(width * ratio), Math.round(height * ratio));
    scene.makeHome(scene.mode);
    if (atHome) scene.camera.copy(scene.home);
    scene.lens += 1;
    this.changed(true);
    // At once: until it is drawn again, the canvas is blank.
    if (scene.sets.length > 0) this.drawWhole();
  }

  get atHome() {
    return this.scene.camera.toString() === this.scene.home.toString();
  }

  /** @param {number} layer @throws {RangeError} where there is none */
  set(layer) {
    const set = this.scene.set(layer);
    if (!set) throw new RangeError(layer === 0 ? "nothing is shown yet" : "there is no second dataset");
    return set;
  }

  /** The camera has moved, or the images have. */
  moved() {
    this.scene.lens += 1;
    this.todo = { ...this.todo, picture: true, refresh: true };
    this.clock.moved();
  }

  /** Something looks different. @param {boolean} [refresh] other pictures may be needed */
  changed(refresh = false) {
    this.todo.picture = true;
    this.todo.refresh ||= refresh;
    this.clock.request();
  }

  /** Another image is under the pointer. @param {{layer: number, place: number}|null} hovered */
  hover(hovered) {
    const before = this.scene.hovered;
    if (before?.layer === hovered?.layer && before?.place === hovered?.place) return;
    this.scene.hovered = hovered;
    this.todo.hover = true;
    this.clock.request();
  }

  /** Draw an image over all others, or none. @param {{layer: number, place: number}|null} raised */
  raise(raised) {
    this.scene.raised = raised;
    this.todo.hover = true;
    this.clock.request();
  }

  themeChanged() {
    this.scene.colours = readTheme(this.renderer.canvas);
    this.changed();
  }

  /** @param {number} now @returns {boolean} whether another frame is wanted at once */
  draw(now) {
    const { scene, clock, pilot, layers } = this;
    const steered = pilot.step(now);
    if (layers.step(now) || steered) this.moved();
    if (steered) this.emit("move", {});
    if (this.unfinished && !clock.moving) this.waited += 1;
    else this.handOver();
    if (scene.sets.length === 0) return false;
    const frame = scene.frame(clock.moving, this.controller.k);
    if (!this.todo.picture && this.todo.hover && this.renderer.hover(frame)) {
      this.todo.hover = false;
      return layers.uploads.busy;
    }
    const done = this.paint(frame, now);
    this.unfinished = !done;
    if (done) this.todo.picture = this.todo.hover = false;
    if (this.todo.refresh && done && (!clock.moving || this.figures.movingFrames % REFRESH_EVERY === 0)) this.refresh(frame);
    return !done || pilot.active || layers.glide !== null || layers.uploads.busy;
  }

  /** Draw now, all slices of it. */
  drawWhole() {
    do this.draw(performance.now());
    while (this.unfinished);
  }

  /** Hand over pictures that have arrived: those of all frames since the last time. */
  handOver() {
    if (this.layers.uploads.step(Math.min(MOST_FRAMES, 1 + this.waited))) this.todo.picture = true;
    this.waited = 0;
  }

  /** @param {import("../draw/frame.js").Frame} frame @param {number} now @returns {boolean} whether the picture is complete */
  paint(frame, now) {
    const start = performance.now();
    const drawn = this.renderer.draw(frame);
    const end = performance.now();
    const time = this.figures.frame(frame.moving, { start, end, now, asked: this.clock.askedAt });
    const spent = this.renderer.software ? time?.drawing : time?.sinceLast;
    if (typeof spent === "number") this.controller.note(spent);
    if (!drawn.done) return false;
    this.figures.complete(drawn, frame.moving, end);
    const total = frame.sets.reduce((sum, set) => sum + set.visible, 0);
    this.emit("shown", { drawn: drawn.drawn, total, moving: frame.moving });
    return true;
  }

  /** @param {import("../draw/frame.js").Frame} frame */
  refresh(frame) {
    if (!frame.moving) this.todo.refresh = false;
    this.layers.refresh(frame);
  }

  rested() {
    this.scene.settle();
    this.controller.rest();
    // Since the last movement: what a reader waits for is the complete picture.
    this.figures.restedAt = this.clock.movedAt;
    this.todo.picture = this.todo.refresh = true;
    this.emit("rest", {});
  }

  /** A picture could not be fetched; the image stays a dot. @param {unknown} error */
  failed(error) {
    if (this.toldOfFailure) return;
    this.toldOfFailure = true;
    this.emit("notice", { level: "warning", text: `Some pictures could not be loaded: ${error instanceof Error ? error.message : error}` });
  }

  /** Show a dataset; its first dots are on the screen when this returns. @param {import("../data/map_data.js").MapData} data @param {import("../core/positions.js").Positions} positions */
  show(data, positions) {
    const { scene } = this;
    this.layers.remove(1);
    const set = this.layers.put(0, data, positions);
    if (this.renderer.software) this.controller.set(SOFTWARE_DOTS / set.n);
    this.pilot.stop();
    scene.camera.copy(scene.makeHome(scene.mode));
    if (scene.hovered) this.emit("hover", { row: -1, layer: 0, x: 0, y: 0 });
    scene.hovered = scene.raised = null;
    scene.lens += 1;
    this.toldOfFailure = false;
    this.figures.restedAt = performance.now();
    this.changed(true);
    this.drawWhole();
    this.figures.firstDotsMs = performance.now() - data.openedAt;
  }

  /** When the camera rests and all pictures have arrived and are drawn. @returns {Promise<void>} */
  async settled() {
    while (!this.destroyed && (!this.clock.idle || this.pilot.active || this.todo.picture || this.todo.refresh || this.layers.busy)) {
      await new Promise((done) => window.setTimeout(done, POLL));
    }
  }

  stats() {
    const { renderer, clock, controller, layers, scene, figures } = this;
    return {
      renderer: renderer.name, software: renderer.software, quality: renderer.quality, ...figures.report(),
      total: scene.sets.reduce((sum, set) => sum + set.n, 0),
      moving: clock.moving, frameMs: controller.median, k: controller.k,
      textures: renderer.bytes, layersReady: layers.layersReady,
    };
  }

  destroy() {
    this.destroyed = true;
    for (const stop of this.stops) stop();
    this.clock.destroy();
    this.pilot.stop();
    this.layers.destroy();
    this.renderer.destroy();
  }
}
