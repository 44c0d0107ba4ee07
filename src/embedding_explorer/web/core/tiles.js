// @ts-check
/**
 * Where the picture lies in its square tile. A tile's longer side is full, the shorter one is centred on white; one byte per
 * image says how long the shorter one is: 1 to 48 as it would be in a tile of 48 px, plus TALL where it is the width.
 */
export const TILE = 48;
export const TALL = 64;

/**
 * @param {ArrayLike<number>} aspects width over height of each image
 * @returns {Uint8Array}
 */
export function tileShapes(aspects) {
  const shapes = new Uint8Array(aspects.length);
  for (let i = 0; i < shapes.length; i += 1) {
    const aspect = aspects[i] > 0 ? aspects[i] : 1;
    const short = Math.max(1, Math.round(TILE * Math.min(aspect, 1 / aspect)));
    shapes[i] = short | (aspect < 1 ? TALL : 0);
  }
  return shapes;
}

/**
 * @param {number} shape a byte of tileShapes; 0 for not known
 * @returns {{x: number, y: number, width: number, height: number}} in pixels of a tile of 48 px
 */
export function pictureIn(shape) {
  const short = shape & (TALL - 1) || TILE;
  const gap = (TILE - short) >> 1;
  return shape & TALL ? { x: gap, y: 0, width: short, height: TILE } : { x: 0, y: gap, width: TILE, height: short };
}
