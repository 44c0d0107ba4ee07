// @ts-check
/** How far around a point the images nearest to it lie. */

const BINS = 4096;

/**
 * @param {import("../draw/point_set.js").PointSet} set
 * @param {ArrayLike<number>} point of the world
 * @param {number} count neighbours
 * @param {boolean} flat without the third axis
 * @returns {number} radius in world units that holds so many of them, about
 */
export function neighbourhood(set, point, count, flat) {
  const { positions, space } = set.present;
  const { x, y, z, n } = positions;
  const [sx, sy, sz] = [space.scale[0], space.scale[1], flat ? 0 : space.scale[2]];
  const [dx, dy, dz] = [0, 1, 2].map((axis) => (flat && axis === 2 ? 0 : space.offset[axis] - point[axis]));
  const counts = new Uint32Array(BINS + 1);
  for (let i = 0; i < n; i += 1) {
    const radius = Math.sqrt((x[i] * sx + dx) ** 2 + (y[i] * sy + dy) ** 2 + (z[i] * sz + dz) ** 2);
    counts[Math.min(BINS, Math.floor((radius / 2) * BINS))] += 1;
  }
  let bin = 0;
  for (let sum = 0; bin < BINS; bin += 1) {
    sum += counts[bin];
    if (sum > Math.min(count, n - 1)) break;
  }
  return ((bin + 1) / BINS) * 2;
}
