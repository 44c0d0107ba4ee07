// @ts-check
/** What is there to be drawn, seen through the camera: makes the frames for the renderer and finds images under pixels. */
import { Camera, NEAR } from "../core/camera.js";
import { onScreen } from "../core/foremost.js";
import { framing } from "../core/home.js";
import { transformPoint } from "../core/matrix.js";
import { insideBox, insidePolygon, nearest } from "../core/picking.js";
import { VISIBLE } from "../core/flags.js";
import { mostLarge } from "../draw/frame.js";
import { PICTURE_FROM, LARGEST_DOT, spriteSizes } from "../core/sizing.js";

/** @typedef {import("../draw/point_set.js").PointSet} PointSet */
/** @typedef {import("../draw/frame.js").Frame} Frame */

const PIVOT_REACH = 60;

export class Scene {
  /** @param {ReturnType<import("./theme.js").readTheme>} colours */
  constructor(colours) {
    this.colours = colours;
    this.camera = new Camera();
    this.home = new Camera();
    /** The mode that was asked for; the camera may still be on its way to it. @type {"3d"|"2d"} */
    this.mode = "3d";
    /** CSS pixels. */
    this.viewport = { width: 1, height: 1 };
    /** Device pixels of a CSS pixel. */
    this.ratio = 1;
    /** @type {PointSet[]} the map, then the dataset drawn over it */
    this.sets = [];
    this.tint = false;
    /** The reader's factor for the size of images. */
    this.size = 1;
    /** @type {{layer: number, place: number}|null} */
    this.hovered = null;
    /** The image that is looked at: drawn over all others while none is under the pointer. @type {{layer: number, place: number}|null} */
    this.raised = null;
    /** Device pixels of the largest picture that can be drawn. */
    this.pointLimit = Infinity;
    /** For large pictures, in the renderer. */
    this.slots = 0;
    /** Counted up when the camera, the canvas or the images have moved. */
    this.lens = 0;
  }

  /** Be exactly what the camera's string says: then an address shows the very same picture. */
  settle() {
    this.camera.copy(Camera.fromString(this.camera.toString()) ?? this.camera);
    this.lens += 1;
  }

  /** @param {number} layer */
  set(layer) {
    return this.sets.find((set) => set.layer === layer);
  }

  /** Sizes in CSS pixels. */
  get sizing() {
    const n = this.set(0)?.n ?? 1;
    const sizes = spriteSizes({ n, viewport: this.viewport, distance: this.camera.distance, home: this.home.distance, factor: this.size });
    return { ...sizes, high: Math.min(sizes.high, this.pointLimit / this.ratio) };
  }

  /** @param {boolean} moving @param {number} k @returns {Frame} */
  frame(moving, k) {
    const { camera, ratio, colours, tint, sets, lens } = this;
    const hovered = this.hovered ?? this.raised;
    const viewport = { width: Math.round(this.viewport.width * ratio), height: Math.round(this.viewport.height * ratio) };
    const { unit, low, high } = this.sizing;
    const sizing = { unit: unit * ratio, low: low * ratio, high: high * ratio };
    const looks = sets.map((set) => Object.values(set.versions).join("."));
    return {
      version: [lens, moving, tint, colours.background, hovered?.layer, hovered?.place, ...looks].join(" "),
      lens, viewport, sizing, moving, k, large: mostLarge(this.slots, sets.length), tint, colours, sets, hovered,
      matrix: camera.matrix(viewport),
      near: NEAR * camera.distance,
      distance: camera.distance,
      flat: camera.mode === "2d",
      pictureFrom: PICTURE_FROM * ratio,
      dot: LARGEST_DOT * ratio,
      line: ratio,
    };
  }

  /** Where an image is on the screen, in CSS pixels. @param {PointSet} set @param {number} row */
  project(set, row) {
    const { camera, viewport } = this;
    const [cx, cy, , depth] = transformPoint(camera.matrix(viewport), set.point(row));
    const [x, y] = [((cx / depth + 1) * viewport.width) / 2, ((1 - cy / depth) * viewport.height) / 2];
    const { unit, low, high } = this.sizing;
    const inside = depth >= NEAR * camera.distance && x >= 0 && y >= 0 && x <= viewport.width && y <= viewport.height;
    const size = Math.min(high, Math.max(low, unit / depth));
    return { x, y, depth, size, visible: inside && (set.flags[set.places[row]] & VISIBLE) !== 0 };
  }

  /** Rows in the viewport. @param {PointSet} set @returns {Uint32Array} */
  rowsOnScreen(set) {
    const frame = this.frame(false, 1);
    return onScreen(set.project(frame), set.flags, frame.viewport, 0, Infinity).map((place) => set.rows[place]).sort();
  }

  /** Rows within an outline. @param {PointSet} set @param {import("./lasso.js").Lasso} lasso @returns {Uint32Array} */
  rowsWithin(set, lasso) {
    const { ratio } = this;
    const points = set.project(this.frame(false, 1));
    const { left, top, right, bottom } = lasso.box;
    const box = { left: left * ratio, top: top * ratio, right: right * ratio, bottom: bottom * ratio };
    const places = lasso.kind === "box" ? insideBox(points, set.flags, box) : insidePolygon(points, set.flags, lasso.points.map((value) => value * ratio));
    return places.map((place) => set.rows[place]).sort();
  }

  /**
   * The image under a pixel; of two datasets the upper one's comes first.
   * @param {number} x CSS pixels
   * @param {number} y
   * @param {number} radius
   * @returns {{row: number, layer: number, place: number}|null}
   */
  nearest(x, y, radius) {
    const { ratio } = this;
    const frame = this.frame(false, 1);
    for (const set of [...this.sets].reverse()) {
      const place = nearest(set.project(frame), set.flags, x * ratio, y * ratio, radius * ratio, this.targets(set, frame));
      if (place >= 0) return { row: set.rows[place], layer: set.layer, place };
    }
    return null;
  }

  /** Sizes that can be hit: where there are no pictures yet, those of dots. @param {PointSet} set @param {Frame} frame */
  targets(set, { sizing, dot, pictureFrom }) {
    const pictures = sizing.high >= pictureFrom && (set.ready.includes(1) || (set.versions.slots > 0 && set.slots.some((slot) => slot > 0)));
    return pictures ? sizing : { ...sizing, high: Math.min(sizing.high, dot) };
  }

  /** The world point that the reader means at a pixel: that of an image nearby, or at the depth of what is looked at. @param {number} x @param {number} y */
  pivot(x, y) {
    const hit = this.nearest(x, y, PIVOT_REACH);
    const point = hit && this.set(hit.layer)?.point(hit.row);
    if (!point) return this.camera.unproject(x, y, this.viewport);
    return /** @type {[number, number, number]} */ ([point[0], point[1], point[2] * this.camera.depthScale]);
  }

  /** The view of the whole map. @param {"3d"|"2d"} mode */
  makeHome(mode) {
    const set = this.set(0);
    const { positions, space } = set?.present ?? {};
    if (positions && space) this.home = framing(positions, space, this.viewport, { mode });
    return this.home;
  }

  /** The view of some images, from where the camera looks now. @param {PointSet} set @param {ArrayLike<number>} rows */
  viewOf(set, rows) {
    const { positions, space } = set.present;
    const places = Uint32Array.from(rows, (row) => set.places[row]);
    const { yaw, pitch, mode } = this.camera;
    const camera = framing(positions, space, this.viewport, { mode, rows: places, from: { yaw, pitch }, margin: Math.min(this.viewport.width, this.viewport.height) / 5 });
    camera.distance = Math.max(camera.distance, this.home.distance / 60);
    return camera;
  }
}
