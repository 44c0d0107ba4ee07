// @ts-check
/**
 * The images of one dataset as they are drawn: columns, and what changes how each image looks. In here an image has a
 * *place*, its position along a space-filling curve; `rows` and `places` lead from one to the other. All columns are by place.
 */
import { VISIBLE } from "../core/flags.js";
import { arranged, inverse, spatialOrder } from "../core/morton.js";
import { project, projectBetween, projected } from "../core/picking.js";
import { spaceOf, worldPoint } from "../core/positions.js";

/** @typedef {import("../core/positions.js").Positions} Positions */
/** @typedef {{positions: Positions, space: import("../core/positions.js").Space}} Placement */
/** @typedef {{matrix: ArrayLike<number>, viewport: {width: number, height: number}, near: number, lens: number}} Lens */

export class PointSet {
  /**
   * @param {Positions} positions
   * @param {object} [options]
   * @param {number} [options.layer] 0 for the map, 1 for a dataset drawn over it
   * @param {ArrayLike<number>} [options.box] the box that spans the world
   */
  constructor(positions, { layer = 0, box } = {}) {
    this.layer = layer;
    this.n = positions.n;
    this.rows = spatialOrder(positions);
    this.places = inverse(this.rows);
    /** @type {Placement} */
    this.from = this.placement(positions, box);
    /** Where the images glide to. @type {Placement|null} */
    this.to = null;
    /** How far they are on the way, 0 to 1. */
    this.t = 0;
    /** Whether they stay where they are on it. */
    this.held = false;
    /** Where they come back to, where they lie between two other places. @type {Placement|null} */
    this.own = null;
    this.colours = new Uint8Array(this.n);
    this.palette = new Uint8Array(256 * 4).fill(255);
    this.flags = new Uint8Array(this.n).fill(VISIBLE);
    this.visible = this.n;
    this.shapes = new Uint8Array(this.n);
    /** Slot of each picture in the detail store, plus 1; 0 for none. */
    this.slots = new Uint16Array(this.n);
    /** 1 for each range whose overview has arrived. */
    this.ready = new Uint8Array(0);
    this.projected = projected(this.n);
    this.projectedFor = -1;
    /** Counted up when columns change, so that a renderer knows what to send again. */
    this.versions = { positions: 0, colours: 0, palette: 0, flags: 0, shapes: 0, slots: 0, ready: 0 };
  }

  /** @param {Positions} positions @param {ArrayLike<number>} [box] @returns {Placement} */
  placement({ n, x, y, z, box: own }, box = own) {
    if (n !== this.n) throw new RangeError(`a reduction of ${n} images cannot replace one of ${this.n}`);
    const positions = { n, x: arranged(x, this.rows), y: arranged(y, this.rows), z: arranged(z, this.rows), box: own };
    return { positions, space: spaceOf(positions, box) };
  }

  /** @param {keyof PointSet["versions"]} what */
  touch(what) {
    this.versions[what] += 1;
  }

  /** @param {Uint8Array} colours by row @param {Uint8Array} palette */
  setColours(colours, palette) {
    this.colours = arranged(colours, this.rows);
    this.palette = palette.slice();
    this.touch("colours");
    this.touch("palette");
  }

  /** @param {Uint8Array} shapes by row */
  setShapes(shapes) {
    this.shapes = arranged(shapes, this.rows);
    this.touch("shapes");
  }

  /** @param {Uint8Array} flags by row */
  setFlags(flags) {
    this.flags = arranged(flags, this.rows);
    this.visible = 0;
    for (let i = 0; i < this.n; i += 1) this.visible += flags[i] & VISIBLE;
    this.touch("flags");
  }

  /** Pixels of all places, computed once for each state of the camera. @param {Lens} lens */
  project({ matrix, viewport, near, lens }) {
    if (this.projectedFor === lens) return this.projected;
    const { from, to, t, projected: out } = this;
    if (!to) project(from.positions, from.space, matrix, viewport, near, out);
    else projectBetween(from.positions, from.space, to.positions, to.space, t, matrix, viewport, near, out);
    this.projectedFor = lens;
    return out;
  }

  /** The placement in which the images are, or will be at the end of the glide. @returns {Placement} */
  get present() {
    return this.to && (!this.held || this.t >= 0.5) ? this.to : this.from;
  }

  /** Where an image is in the world, or will be at the end of the glide. @param {number} row @returns {[number, number, number]} */
  point(row) {
    const { from, to, t, held } = this;
    const at = (/** @type {Placement} */ { positions, space }) => worldPoint(positions, space, this.places[row]);
    if (!to || !held) return at(to ?? from);
    const end = at(to);
    return /** @type {[number, number, number]} */ (at(from).map((value, axis) => value + t * (end[axis] - value)));
  }

  /** Begin to glide. @param {Positions} positions @param {ArrayLike<number>} [box] */
  glideTo(positions, box) {
    this.aim(positions, box);
    this.held = false;
    this.own = null;
  }

  /** @param {Positions} positions @param {ArrayLike<number>} [box] */
  aim(positions, box) {
    this.to = this.placement(positions, box);
    this.t = 0;
    this.touch("positions");
  }

  /** Lie between the present places and others, as `t` says, until `release`. @param {Positions} positions */
  hold(positions) {
    this.aim(positions);
    this.held = true;
  }

  /** Lie between two other places, as `t` says, until `release`. @param {Positions} from @param {Positions} to */
  holdBetween(from, to) {
    this.own ??= this.from;
    this.from = this.placement(from);
    this.hold(to);
  }

  /** Be where it was before `hold`. */
  release() {
    if (!this.held) return;
    this.from = this.own ?? this.from;
    this.own = null;
    this.to = null;
    this.t = 0;
    this.held = false;
    this.touch("positions");
  }

  /** Be where the glide leads. */
  arrive() {
    if (!this.to) return;
    this.from = this.to;
    this.to = null;
    this.t = 0;
    this.touch("positions");
  }
}
