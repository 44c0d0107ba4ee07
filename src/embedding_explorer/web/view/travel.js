// @ts-check
/** Where the camera goes, and whether the map is seen in 3-D or 2-D. */
import { Camera } from "../core/camera.js";
import { neighbourhood } from "./neighbourhood.js";

/** @typedef {"3d"|"2d"} Mode */
/** @typedef {{row: number, layer?: number}|{rows: ArrayLike<number>, layer?: number}|"home"} Place */
/** @typedef {import("../draw/point_set.js").PointSet} PointSet */

// So many neighbours are in view after a flight to an image.
const NEIGHBOURS = 24;

export class Travel {
  /** @param {import("./engine.js").Engine} engine */
  constructor(engine) {
    this.engine = engine;
    this.scene = engine.scene;
  }

  /** Go to the view that a string stands for, at once; to the home view if it stands for none. @param {string} text */
  jump(text) {
    const { engine, scene } = this;
    engine.pilot.stop();
    scene.camera.copy(Camera.fromString(text) ?? scene.makeHome(scene.mode));
    scene.mode = scene.camera.mode;
    scene.makeHome(scene.mode);
    engine.moved();
    engine.clock.still();
  }

  /** @param {Mode} mode @param {boolean} animate @returns {Promise<void>} at the end of the change */
  setMode(mode, animate) {
    const { scene } = this;
    if (mode === scene.mode) return Promise.resolve();
    const { atHome } = this.engine;
    scene.mode = mode;
    const home = scene.makeHome(mode);
    const view = atHome ? home.clone() : scene.camera.clone();
    Object.assign(view, { yaw: home.yaw, pitch: home.pitch, flat: home.flat });
    if (mode === "2d") view.target[2] = 0;
    return this.fly(view, animate);
  }

  /** @param {Place} where @param {boolean} animate @returns {Promise<void>} */
  to(where, animate) {
    const { scene } = this;
    if (where === "home") return this.fly(scene.makeHome(scene.mode).clone(), animate);
    const set = scene.set(where.layer ?? 0);
    if (!set) return Promise.resolve(); // an overlay that is hidden
    if ("row" in where) return this.fly(this.viewOf(set, where.row), animate);
    return this.fly(where.rows.length ? scene.viewOf(set, where.rows) : scene.home.clone(), animate);
  }

  /** The view of one image among its neighbours. @param {PointSet} set @param {number} row */
  viewOf(set, row) {
    const { scene } = this;
    const view = scene.camera.clone();
    const [x, y, z] = set.point(row);
    const flat = scene.mode === "2d";
    const radius = neighbourhood(this.engine.set(0), [x, y, z], NEIGHBOURS, flat);
    view.target = [x, y, flat ? 0 : z];
    view.distance = Math.min(Math.max(scene.home.distance / 60, radius * 4), scene.home.distance / 2);
    return view;
  }

  /** @param {Camera} view @param {boolean} animate @returns {Promise<void>} */
  fly(view, animate) {
    const { engine } = this;
    const end = engine.pilot.fly(view, animate);
    engine.moved();
    if (!engine.pilot.active) engine.clock.still();
    return end;
  }
}
