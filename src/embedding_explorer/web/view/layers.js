// @ts-check
/** The datasets that are shown: the map, and one that may be drawn over it. */
import { ease } from "../core/flight.js";
import { tileShapes } from "../core/tiles.js";
import { PointSet } from "../draw/point_set.js";
import { Tiers } from "./tiers.js";
import { Uploads } from "./uploads.js";

/** @typedef {import("../data/map_data.js").MapData} MapData */
/** @typedef {{data: MapData, set: PointSet, tiers: Tiers|null}} Layer */

const GLIDE = 900;

export class Layers {
  /**
   * @param {import("../draw/frame.js").Renderer} renderer
   * @param {import("./scene.js").Scene} scene
   * @param {object} told
   * @param {() => void} told.arrived pictures wait to be handed over
   * @param {() => void} told.changed something looks different
   * @param {(error: unknown) => void} told.fail
   */
  constructor(renderer, scene, told) {
    this.renderer = renderer;
    this.scene = scene;
    this.told = told;
    this.uploads = new Uploads(renderer, told.arrived);
    /** @type {Map<number, Layer>} */
    this.layers = new Map();
    /** @type {{start: number, sets: PointSet[], end: () => void}|null} */
    this.glide = null;
  }

  /** Whether pictures are on their way to the screen. */
  get busy() {
    return this.uploads.busy || [...this.layers.values()].some(({ tiers }) => tiers?.busy);
  }

  get layersReady() {
    return this.layers.get(0)?.tiers?.layersReady ?? 0;
  }

  /**
   * Show a dataset in place of the one before.
   * @param {number} number 0 for the map, 1 for what is drawn over it
   * @param {MapData} data
   * @param {import("../core/positions.js").Positions} positions
   * @param {ArrayLike<number>} [box] that spans the world
   * @returns {PointSet}
   */
  put(number, data, positions, box) {
    this.remove(number);
    const set = new PointSet(positions, { layer: number, box });
    const [r, g, b] = this.scene.colours.dot;
    for (let i = 0; i < 256; i += 1) set.palette.set([r, g, b, 255], 4 * i);
    const { tilemaps, overview } = data.manifest;
    const cell = this.renderer.overviewCell(set.n);
    const grid = overview && cell ? { cell, columns: tilemaps.columns, images: tilemaps.images, ranges: tilemaps.count } : null;
    const pictures = this.renderer.add(set, grid);
    const tiers = tilemaps ? new Tiers(set, data.manifest, pictures ? grid : null, this.uploads, this.told.fail) : null;
    this.layers.set(number, { data, set, tiers });
    this.scene.sets = [...this.layers.values()].map((layer) => layer.set).sort((a, b) => a.layer - b.layer);
    return set;
  }

  /** Learn the shapes of the pictures, so that their white margins are left out. @param {number} number */
  async loadShapes(number) {
    const layer = this.layers.get(number);
    if (!layer || !layer.data.hasColumn("aspect")) return;
    const { values } = await layer.data.column("aspect");
    if (this.layers.get(number) !== layer) return;
    layer.set.setShapes(tileShapes(values));
    this.told.changed();
  }

  /** @param {number} number */
  remove(number) {
    const layer = this.layers.get(number);
    if (!layer) return;
    layer.tiers?.destroy();
    this.uploads.forget(number);
    this.renderer.remove(layer.set);
    this.layers.delete(number);
    this.scene.sets = this.scene.sets.filter((set) => set !== layer.set);
    if (this.scene.hovered?.layer === number) this.scene.hovered = null;
    if (this.scene.raised?.layer === number) this.scene.raised = null;
    if (this.glide?.sets.includes(layer.set)) this.endGlide();
  }

  /** Fetch the pictures that a frame could show. @param {import("../draw/frame.js").Frame} frame */
  refresh(frame) {
    for (const { tiers } of this.layers.values()) tiers?.refresh(frame);
  }

  /**
   * Let the images move to other positions.
   * @param {{set: PointSet, positions: import("../core/positions.js").Positions}[]} moves the map's first
   * @param {boolean} animate
   * @returns {Promise<void>} at the end
   */
  move(moves, animate) {
    this.endGlide();
    const box = moves[0].positions.box;
    for (const { set, positions } of moves) set.glideTo(positions, box);
    const sets = moves.map(({ set }) => set);
    return new Promise((end) => {
      this.glide = { start: performance.now(), sets, end };
      if (!animate) this.endGlide();
    });
  }

  /** Let the map's images lie between their places and others; null: at their own again. @param {import("../core/positions.js").Positions|null} positions */
  hold(positions) {
    const set = this.layers.get(0)?.set;
    if (this.glide) this.endGlide();
    set?.release();
    if (positions) set?.hold(positions);
  }

  /** Let the map's images lie between two other places. @param {import("../core/positions.js").Positions} from @param {import("../core/positions.js").Positions} to */
  holdBetween(from, to) {
    if (this.glide) this.endGlide();
    this.layers.get(0)?.set.holdBetween(from, to);
  }

  /** @param {number} now @returns {boolean} whether images moved */
  step(now) {
    if (!this.glide) return false;
    const t = Math.max(0, now - this.glide.start) / GLIDE;
    for (const set of this.glide.sets) set.t = ease(Math.min(1, t));
    if (t >= 1) this.endGlide();
    return true;
  }

  endGlide() {
    const glide = this.glide;
    this.glide = null;
    for (const set of glide?.sets ?? []) set.arrive();
    glide?.end();
  }

  /** All pictures were lost. */
  reset() {
    this.uploads.reset();
    for (const { tiers } of this.layers.values()) tiers?.reset();
  }

  destroy() {
    for (const number of [...this.layers.keys()]) this.remove(number);
  }
}
