// @ts-check
/** Which pictures of a dataset are fetched: small ones of the ranges in sight, large ones of the foremost images. */
import { foremost, largeEnough } from "../core/foremost.js";
import { OverviewLoader } from "../data/overview.js";
import { ThumbnailLoader } from "../data/thumbnails.js";
import { mostLarge, sizeAt, STRETCH } from "../draw/frame.js";

/** @typedef {import("../draw/frame.js").Frame} Frame */
/** @typedef {import("../draw/point_set.js").PointSet} PointSet */

// The software renderer draws so many pictures, the foremost ones; a graphics processor draws all that are large enough.
const MOST_PICTURES = 6000;

export class Tiers {
  /**
   * @param {PointSet} set
   * @param {any} manifest
   * @param {import("../draw/frame.js").Grid|null} grid of overview pictures, null for none
   * @param {import("./uploads.js").Uploads} uploads
   * @param {(error: unknown) => void} fail
   */
  constructor(set, manifest, grid, uploads, fail) {
    this.set = set;
    this.grid = grid;
    this.images = manifest.tilemaps.images;
    this.uploads = uploads;
    set.ready = new Uint8Array(manifest.tilemaps.count);
    this.overview = new OverviewLoader(manifest, (range, picture) => uploads.addOverview(set, range, picture), fail);
    this.thumbnails = new ThumbnailLoader(manifest, (sprite) => uploads.addSprite(set, sprite), fail);
  }

  /** Whether pictures are on their way. */
  get busy() {
    return this.overview.busy || this.thumbnails.busy;
  }

  get layersReady() {
    return this.set.ready.reduce((sum, ready) => sum + ready, 0);
  }

  /** Fetch what this frame could show and has not. @param {Frame} frame */
  refresh(frame) {
    const { set, uploads } = this;
    const wish = { viewport: frame.viewport, sizing: frame.sizing, from: frame.pictureFrom, most: MOST_PICTURES };
    const projected = set.project(frame);
    const places = foremost(projected, set.flags, wish);
    const largeFrom = Math.max(frame.pictureFrom, STRETCH * (this.grid?.cell ?? 0));
    const most = mostLarge(uploads.capacity, frame.sets.length);
    const missing = [];
    let large = 0;
    for (const place of places) {
      if (large >= most || sizeAt(set.projected.depth[place], frame.sizing) < largeFrom) continue;
      large += 1;
      if (!uploads.use(set, place)) missing.push(set.rows[place]);
    }
    this.thumbnails.want(missing);
    this.overview.want(this.rangesOf(uploads.renderer.software ? places : largeEnough(projected, set.flags, wish)));
  }

  /** Ranges without an overview that these places lie in, those of most places first. @param {Uint32Array} places */
  rangesOf(places) {
    const { set } = this;
    if (!this.grid) return [];
    const counts = new Uint32Array(set.ready.length);
    for (const place of places) if (!set.slots[place]) counts[Math.floor(set.rows[place] / this.images)] += 1;
    const ranges = [...counts.keys()].filter((range) => counts[range] > 0 && !set.ready[range]);
    return ranges.sort((a, b) => counts[b] - counts[a]);
  }

  /** The pictures were lost. */
  reset() {
    this.set.ready.fill(0);
    this.set.slots.fill(0);
    this.overview.reset();
  }

  destroy() {
    this.overview.destroy();
    this.thumbnails.destroy();
  }
}
