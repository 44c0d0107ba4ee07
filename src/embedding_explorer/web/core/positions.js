// @ts-check
/** Positions of a reduction as the server sends them, and where they lie in the camera's world. */

/**
 * @typedef {object} Positions
 * @property {number} n images
 * @property {Uint16Array|Float32Array} x one value per image; Uint16: 0 and 65535 are the ends of the box
 * @property {Uint16Array|Float32Array} y
 * @property {Uint16Array|Float32Array} z
 * @property {Float32Array} box x0, y0, z0, x1, y1, z1 in the reduction's own units
 */

/**
 * World coordinates of raw values: world = value * scale + offset on each axis.
 * @typedef {{scale: number[], offset: number[]}} Space
 */

const HEADER = 40;
const MAGIC = 0x50584545; // "EEXP" read as a little-endian number
const UINT16 = 1;
const FLOAT32 = 2;

/**
 * Decode `GET /maps/<id>/positions/<reducer>`: header of 40 bytes, then x[n], y[n], z[n], little-endian.
 * @param {ArrayBuffer} buffer
 * @returns {Positions}
 * @throws {Error} where the bytes are not such an answer
 */
export function decodePositions(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER || view.getUint32(0, true) !== MAGIC) throw new Error("The server's answer holds no positions.");
  const [version, type, axes] = [view.getUint8(4), view.getUint8(5), view.getUint8(6)];
  if (version !== 1 || axes !== 3 || (type !== UINT16 && type !== FLOAT32)) {
    throw new Error(`The positions have form ${version}.${type}.${axes}, which this page does not know: reload it.`);
  }
  const n = view.getUint32(8, true);
  const bytes = type === UINT16 ? 2 : 4;
  if (buffer.byteLength !== HEADER + 3 * n * bytes) throw new Error("The positions have arrived incomplete: reload the page.");
  const box = Float32Array.from({ length: 6 }, (_, i) => view.getFloat32(16 + 4 * i, true));
  // Typed arrays read in the machine's own order; every browser of today runs on little-endian machines.
  const column = (/** @type {number} */ axis) => {
    const start = HEADER + axis * n * bytes;
    return type === UINT16 ? new Uint16Array(buffer, start, n) : new Float32Array(buffer, start, n);
  };
  return { n, x: column(0), y: column(1), z: column(2), box };
}

/**
 * Where raw values lie in the world. A second dataset drawn in the space of the first takes the first one's box.
 * @param {Positions} positions
 * @param {ArrayLike<number>} [box] the box that spans the world
 * @returns {Space}
 */
export function spaceOf(positions, box = positions.box) {
  const sides = [0, 1, 2].map((axis) => box[axis + 3] - box[axis]);
  const unit = 2 / (Math.max(...sides) || 1);
  const raw = positions.x instanceof Uint16Array;
  const scale = [], offset = [];
  for (let axis = 0; axis < 3; axis += 1) {
    const [low, high] = [positions.box[axis], positions.box[axis + 3]];
    scale.push((raw ? (high - low) / 65535 : 1) * unit);
    offset.push(((raw ? low : 0) - (box[axis] + box[axis + 3]) / 2) * unit);
  }
  return { scale, offset };
}

/**
 * The world point of a row.
 * @param {Positions} positions
 * @param {Space} space
 * @param {number} row
 * @returns {[number, number, number]}
 */
export function worldPoint(positions, { scale, offset }, row) {
  return [
    positions.x[row] * scale[0] + offset[0],
    positions.y[row] * scale[1] + offset[1],
    positions.z[row] * scale[2] + offset[2],
  ];
}
