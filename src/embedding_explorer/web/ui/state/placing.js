// @ts-check
/** Where a point of a reduction, which is no image of the dataset, lies on the screen. */
import { Camera, NEAR } from "../../core/camera.js";

/**
 * World coordinates of a point: as `core/camera.js` defines them.
 * @param {number[][]} box least and greatest coordinates
 * @param {number[]} point
 * @returns {[number, number, number]}
 */
export function worldOf([low, high], point) {
  const unit = 2 / (Math.max(...low.map((value, axis) => high[axis] - value)) || 1);
  const [x, y, z] = point.map((value, axis) => (value - (low[axis] + high[axis]) / 2) * unit);
  return [x, y, z];
}

/**
 * @param {import("./initial.js").App} app
 * @param {number[]} point in the units of the present reduction
 * @returns {{x: number, y: number, visible: boolean}|null}
 */
export function screenPlace(app, point) {
  const { manifest, reducer } = app.store.state;
  const camera = Camera.fromString(app.view.camera);
  const canvas = document.getElementById("map");
  if (!camera || !canvas) return null;
  const viewport = { width: canvas.clientWidth, height: canvas.clientHeight };
  const [x, y, , w] = homogeneous(camera.matrix(viewport), worldOf(manifest.reductions[reducer].box, point));
  return {
    x: (0.5 + x / w / 2) * viewport.width,
    y: (0.5 - y / w / 2) * viewport.height,
    visible: w > NEAR * camera.distance,
  };
}

/** @param {Float32Array} m @param {number[]} p */
function homogeneous(m, [x, y, z]) {
  return [0, 1, 2, 3].map((row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row]);
}
