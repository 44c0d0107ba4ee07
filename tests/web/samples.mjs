/** Numbers and points for tests, made in another way than the page's own. */

/** Numbers from 0 up to 1, the same for each seed (Park and Miller, 1988). */
export function numbers(seed) {
  let state = seed * 7919 + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Positions as a server sends them: n of uint16, anywhere in a box. */
export function cloud(n, seed = 1, box = [-3, 10, 0, 5, 12, 1]) {
  const next = numbers(seed);
  const column = () => Uint16Array.from({ length: n }, () => Math.floor(next() * 65536));
  return { n, x: column(), y: column(), z: column(), box: Float32Array.from(box) };
}

/** Positions of float32 from a list of points. */
export function placed(points, box = [-1, -1, -1, 1, 1, 1]) {
  const column = (axis) => Float32Array.from(points, (point) => point[axis]);
  return { n: points.length, x: column(0), y: column(1), z: column(2), box: Float32Array.from(box) };
}

/**
 * Pixel and depth of a world point, as core/camera.js tells it in words: the world is moved to the point looked at, turned
 * by yaw, then by pitch, and seen from `distance` away.
 */
export function seenBy({ target, distance, yaw, pitch }, point, { width, height }) {
  const [x, y, z] = point.map((value, axis) => value - target[axis]);
  const right = x * Math.cos(yaw) - z * Math.sin(yaw);
  const towards = x * Math.sin(yaw) + z * Math.cos(yaw);
  const up = y * Math.cos(pitch) - towards * Math.sin(pitch);
  const depth = distance - (y * Math.sin(pitch) + towards * Math.cos(pitch));
  const focal = Math.min(width, height) / 2 / Math.tan((20 / 180) * Math.PI);
  return { x: width / 2 + (focal * right) / depth, y: height / 2 - (focal * up) / depth, depth };
}

export function near(found, wanted, tolerance = 1e-4) {
  if (!(Math.abs(found - wanted) <= tolerance)) throw new Error(`${found} is not ${wanted} ± ${tolerance}`);
}

export function allNear(found, wanted, tolerance) {
  if (found.length !== wanted.length) throw new Error(`${found.length} values in place of ${wanted.length}`);
  for (let i = 0; i < wanted.length; i += 1) near(found[i], wanted[i], tolerance);
}
