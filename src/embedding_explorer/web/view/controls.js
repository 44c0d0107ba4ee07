// @ts-check
/** What mouse, touch and keyboard do to the map. */
import { clamp, NEAR } from "../core/camera.js";
import { Gestures } from "./gestures.js";
import { listenToKeys } from "./keys.js";

// Around what a press turns the map: nearer than this part of the home distance, what is under the pointer.
const CLOSE = 0.55;
const HIT = 8;
const HIT_TOUCH = 22;
const CENTRE_REACH = 200;

/** @typedef {import("../core/camera.js").Vector} Vector */

/** @typedef {import("./map_view.js").MapView} MapView */
/** @typedef {import("./engine.js").Engine} Engine */
/** @typedef {{moved: () => void, direct: (change: () => void) => void}} Steering */

/**
 * @param {MapView} view
 * @param {Engine} engine
 * @returns {() => void} stop listening
 */
export function makeControls(view, engine) {
  const moved = () => {
    engine.moved();
    view.emit("move", {});
  };
  const direct = (/** @type {() => void} */ change) => {
    engine.pilot.stop();
    change();
    moved();
  };
  const { canvas } = engine.renderer;
  const gestures = new Gestures(canvas, pointing(view, engine, { moved, direct }));
  const stopKeys = listenToKeys(canvas, typing(view, engine, { moved, direct }));
  return () => {
    gestures.destroy();
    stopKeys();
  };
}

/** @param {MapView} view @param {Engine} engine @param {Steering} steering @returns {import("./gestures.js").Told} */
function pointing(view, { scene, pilot }, { moved, direct }) {
  const { camera } = scene;
  return {
    tool: () => view.tool,
    mode: () => view.mode,
    pivot: (x, y) => scene.pivot(x, y),
    orbit: (yaw, pitch, pivot) => direct(() => camera.orbit(yaw, pitch, camera.distance < CLOSE * scene.home.distance ? pivot : camera.target)),
    pan: (dx, dy, pivot) => direct(() => camera.pan(dx, dy, scene.viewport, depthOf(camera, pivot))),
    zoom: (factor, pivot, atOnce) => {
      if (atOnce) return direct(() => camera.zoom(factor, pivot));
      pilot.zoom(factor, pivot);
      return moved();
    },
    hover: (point, touch) => view.hoverAt(touch ? null : point),
    pick: (point, event, double) => {
      const hit = scene.nearest(point.x, point.y, event.pointerType === "touch" ? HIT_TOUCH : HIT);
      view.emit("pick", { ...idOf(hit), ...point, ...modifiers(event), double });
    },
    outline: (lasso, event) => view.select(lasso, modifiers(event)),
  };
}

/** @param {MapView} view @param {Engine} engine @param {Steering} steering @returns {import("./keys.js").Told} */
function typing(view, { scene, pilot }, { moved, direct }) {
  const { camera } = scene;
  return {
    orbit: (yaw, pitch) => direct(() => camera.orbit(yaw, pitch)),
    pan: (dx, dy) => direct(() => camera.pan(dx, dy, scene.viewport)),
    zoom: (factor) => {
      pilot.zoom(factor, camera.target);
      moved();
    },
    home: () => view.flyTo("home"),
    setMode: (mode) => view.setMode(mode),
    mode: () => view.mode,
    escape: () => view.emit("escape", {}),
    pickCentre: (event) => {
      const [x, y] = [scene.viewport.width / 2, scene.viewport.height / 2];
      const hit = scene.nearest(x, y, CENTRE_REACH);
      view.emit("pick", { ...idOf(hit), x, y, ...modifiers(event), double: false });
    },
  };
}

/** How far in front of the camera a point is, within bounds. @param {import("../core/camera.js").Camera} camera @param {Vector} point */
function depthOf(camera, point) {
  const { back } = camera.axes();
  const { eye } = camera;
  const depth = back.reduce((sum, part, i) => sum + part * (eye[i] - point[i]), 0);
  return clamp(depth, NEAR * camera.distance, 6 * camera.distance);
}

/** @param {{row: number, layer: number}|null} hit */
export function idOf(hit) {
  return { row: hit?.row ?? -1, layer: hit?.layer ?? 0 };
}

/** @param {MouseEvent|KeyboardEvent} event */
function modifiers(event) {
  return { shift: event.shiftKey, alt: event.altKey, ctrl: event.ctrlKey || event.metaKey };
}
