// @ts-check
/** Draws with WebGL2 on a graphics processor. */
import { DETAIL_UNIT, DetailTexture } from "./detail_texture.js";
import { makeProgram } from "./gl.js";
import { OVERVIEW_UNIT, OverviewTexture } from "./overview_texture.js";
import { FRAGMENT, VERTEX } from "./programs.js";
import { SetBuffers } from "./set_buffers.js";
import { MARGIN, setFrame, setSet } from "./uniforms.js";

/** @typedef {import("../frame.js").Frame} Frame */
/** @typedef {import("../point_set.js").PointSet} PointSet */
/** @typedef {{buffers: SetBuffers, overview: OverviewTexture|null}} Known */

const HOVER_SCALE = 1.35;
const LITTLE_MEMORY = 4;

export class GlRenderer {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {string} name of the graphics processor
   * @param {(level: "info"|"warning"|"error", text: string) => void} notice
   * @throws {Error} where the context or the shaders are refused
   */
  constructor(canvas, name, notice, seed = 1) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, depth: true, powerPreference: "high-performance" });
    if (!gl) throw new Error("WebGL2 was refused");
    this.canvas = canvas;
    this.gl = gl;
    this.name = name;
    this.notice = notice;
    this.seed = seed;
    /** @type {"gpu"} */
    this.quality = "gpu";
    this.software = false;
    // Between one and two frames of a screen of 60 Hz, and so that one frame counts as comfortable.
    this.frameLimit = 30;
    this.ratioLimit = 1.5;
    this.pixelLimit = 8.3e6;
    /** @type {Map<PointSet, Known>} */
    this.sets = new Map();
    /** Called when the context is back: all pictures have to be handed over again. @type {() => void} */
    this.onRestored = () => {};
    this.lost = (/** @type {Event} */ event) => {
      event.preventDefault();
      notice("warning", "The page has lost the graphics processor; the map returns as soon as it is back.");
    };
    this.restored = () => this.restore();
    canvas.addEventListener("webglcontextlost", this.lost);
    canvas.addEventListener("webglcontextrestored", this.restored);
    this.prepare();
  }

  prepare() {
    this.shader = makeProgram(this.gl, VERTEX, FRAGMENT);
    this.detail = new DetailTexture(this.gl);
    this.slots = this.detail.slots;
    // The largest point less frame and hovering.
    this.pointLimit = (this.gl.getParameter(this.gl.ALIASED_POINT_SIZE_RANGE)[1] - 12) / HOVER_SCALE;
  }

  restore() {
    const known = [...this.sets];
    this.prepare();
    for (const [set, { overview }] of known) {
      for (const what of Object.keys(set.versions)) set.touch(/** @type {"ready"} */ (what));
      set.ready.fill(0);
      set.slots.fill(0);
      this.add(set, overview ? overview.grid : null);
    }
    this.notice("info", "The graphics processor is back.");
    this.onRestored();
  }

  get bytes() {
    let bytes = this.detail.bytes;
    for (const { overview } of this.sets.values()) bytes += overview?.bytes ?? 0;
    return bytes;
  }

  /** @param {number} n images */
  overviewCell(n) {
    const little = /** @type {any} */ (navigator).deviceMemory <= LITTLE_MEMORY || matchMedia("(pointer: coarse)").matches;
    return n > 300_000 || (little && n > 60_000) ? 8 : 16;
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    this.canvas.width = width;
    this.canvas.height = height;
  }

  /** @param {PointSet} set @param {import("../frame.js").Grid|null} grid @returns {boolean} */
  add(set, grid) {
    const buffers = new SetBuffers(this.gl, set, this.seed);
    const overview = grid && this.overviewOf(grid);
    this.sets.set(set, { buffers, overview });
    return !grid || overview !== null;
  }

  /** @param {import("../frame.js").Grid} grid */
  overviewOf(grid) {
    try {
      const overview = new OverviewTexture(this.gl, grid);
      if (overview.grid.cell < grid.cell) this.notice("info", `The graphics processor has little memory: small pictures are drawn with ${overview.grid.cell} instead of ${grid.cell} pixels.`);
      return overview;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.notice("warning", "The graphics processor has no memory for small pictures: images far away stay dots.");
      return null;
    }
  }

  /** @param {PointSet} set */
  remove(set) {
    const known = this.sets.get(set);
    known?.buffers.destroy();
    known?.overview?.destroy();
    this.sets.delete(set);
  }

  /** @param {PointSet} set @param {number} range @param {ImageBitmap} bitmap */
  putOverview(set, range, bitmap) {
    this.sets.get(set)?.overview?.put(range, bitmap);
  }

  /** @param {number} slot @param {Int32Array} pixels @param {number} start @param {number} stride */
  putDetail(slot, pixels, start, stride) {
    this.detail.put(slot, pixels, start, stride);
  }

  /** @param {Frame} frame @returns {import("../frame.js").Drawn} */
  draw(frame) {
    const { gl } = this;
    const { width, height } = frame.viewport;
    const [r, g, b] = frame.colours.background;
    gl.viewport(-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN);
    gl.clearColor(r / 255, g / 255, b / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(this.shader?.program ?? null);
    setFrame(this.gl, this.uniforms, frame, this.detail.grid);
    let drawn = 0;
    for (const set of frame.sets) drawn += this.drawSet(set, frame);
    return { done: true, drawn, dots: drawn, overview: 0, detail: 0 };
  }

  /** @param {PointSet} set @param {Frame} frame @returns {number} images drawn */
  drawSet(set, frame) {
    const { gl } = this;
    const { buffers, overview } = /** @type {Known} */ (this.sets.get(set));
    buffers.update();
    setSet(gl, this.uniforms, set, overview);
    this.bind(OVERVIEW_UNIT, overview?.texture);
    this.bind(DETAIL_UNIT, this.detail.texture);
    const share = frame.moving ? frame.k : 1;
    if (share >= 1) gl.drawArrays(gl.POINTS, 0, set.n);
    else gl.drawElements(gl.POINTS, Math.ceil(set.n * share), gl.UNSIGNED_INT, 0);
    if (frame.hovered?.layer === set.layer) this.drawHovered(frame.hovered.place);
    return Math.round(set.visible * share);
  }

  /** @param {number} unit @param {WebGLTexture|null} [texture] */
  bind(unit, texture = null) {
    this.gl.activeTexture(this.gl.TEXTURE0 + unit);
    this.gl.bindTexture(this.gl.TEXTURE_2D_ARRAY, texture);
  }

  /** Places of the shaders' variables. */
  get uniforms() {
    return /** @type {NonNullable<GlRenderer["shader"]>} */ (this.shader).at;
  }

  /** @param {number} place */
  drawHovered(place) {
    const { gl } = this;
    const at = this.uniforms;
    gl.uniform1i(at("onTop"), 1);
    gl.uniform1f(at("enlarge"), HOVER_SCALE);
    gl.drawArrays(gl.POINTS, place, 1);
    gl.uniform1i(at("onTop"), 0);
    gl.uniform1f(at("enlarge"), 1);
  }

  /** The whole frame costs so little here that nothing is drawn by itself. */
  hover() {
    return false;
  }

  destroy() {
    this.canvas.removeEventListener("webglcontextlost", this.lost);
    this.canvas.removeEventListener("webglcontextrestored", this.restored);
    for (const set of [...this.sets.keys()]) this.remove(set);
    this.detail.destroy();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
