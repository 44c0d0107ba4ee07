// @ts-check
/**
 * Matrices of 4 x 4 as WebGL wants them: column-major Float32Array(16), element (row r, column c) at index 4c + r.
 * Right-handed coordinates, +y up, the camera looks along -z.
 */

/** @typedef {[number, number, number]} Vector */

/**
 * Perspective projection. Clip w is the distance in front of the camera; depth runs from -1 (near) to 1 (far).
 * @param {number} focalX focal length over half the width
 * @param {number} focalY focal length over half the height
 * @param {number} near
 * @param {number} far
 * @returns {Float32Array}
 */
export function perspective(focalX, focalY, near, far) {
  const m = new Float32Array(16);
  m[0] = focalX;
  m[5] = focalY;
  m[10] = (far + near) / (near - far);
  m[11] = -1;
  m[14] = (2 * far * near) / (near - far);
  return m;
}

/**
 * World to camera coordinates.
 * @param {ArrayLike<number>} eye
 * @param {ArrayLike<number>} target not the eye itself
 * @param {ArrayLike<number>} up not parallel to the line of sight
 * @returns {Float32Array}
 */
export function lookAt(eye, target, up) {
  const back = normalise([eye[0] - target[0], eye[1] - target[1], eye[2] - target[2]]);
  const right = normalise(cross(up, back));
  const above = cross(back, right);
  const m = new Float32Array(16);
  [right, above, back].forEach((axis, row) => {
    for (let column = 0; column < 3; column += 1) m[4 * column + row] = axis[column];
    m[12 + row] = -dot(axis, eye);
  });
  m[15] = 1;
  return m;
}

/**
 * The product a b: b is applied first.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @returns {Float32Array}
 */
export function multiply(a, b) {
  const m = new Float32Array(16);
  for (let column = 0; column < 4; column += 1) {
    for (let row = 0; row < 4; row += 1) {
      let sum = 0;
      for (let k = 0; k < 4; k += 1) sum += a[4 * k + row] * b[4 * column + k];
      m[4 * column + row] = sum;
    }
  }
  return m;
}

/**
 * The inverse, by Gauss-Jordan elimination with pivoting.
 * @param {ArrayLike<number>} matrix
 * @returns {Float32Array|null} null where there is none
 */
export function invert(matrix) {
  const rows = [0, 1, 2, 3].map((r) => [0, 1, 2, 3, 4, 5, 6, 7].map((c) => (c < 4 ? matrix[4 * c + r] : Number(c - 4 === r))));
  for (let step = 0; step < 4; step += 1) {
    let best = step;
    for (let r = step + 1; r < 4; r += 1) if (Math.abs(rows[r][step]) > Math.abs(rows[best][step])) best = r;
    if (rows[best][step] === 0) return null;
    [rows[step], rows[best]] = [rows[best], rows[step]];
    eliminate(rows, step);
  }
  return Float32Array.from({ length: 16 }, (_, i) => rows[i % 4][4 + (i >> 2)]);
}

/** @param {number[][]} rows @param {number} step column that becomes 1 in its own row and 0 in the others */
function eliminate(rows, step) {
  const pivot = rows[step][step];
  rows[step] = rows[step].map((value) => value / pivot);
  for (let r = 0; r < 4; r += 1) {
    const factor = rows[r][step];
    if (r !== step) rows[r] = rows[r].map((value, c) => value - factor * rows[step][c]);
  }
}

/**
 * A point after the matrix, with its w.
 * @param {ArrayLike<number>} m
 * @param {ArrayLike<number>} p x, y, z
 * @returns {[number, number, number, number]} not divided by w
 */
export function transformPoint(m, p) {
  const at = (/** @type {number} */ r) => m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r];
  return [at(0), at(1), at(2), at(3)];
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {Vector} */
export function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {number} */
export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** @param {Vector} v @returns {Vector} */
export function normalise(v) {
  const length = Math.hypot(v[0], v[1], v[2]);
  return [v[0] / length, v[1] / length, v[2] / length];
}
