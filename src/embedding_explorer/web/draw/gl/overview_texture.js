// @ts-check
/** Small pictures of all ranges in one texture of layers, several ranges side by side in a layer. */
import { makeLayers } from "./gl.js";

export const OVERVIEW_UNIT = 0;
// WebGL2 promises layers of 2048 px and textures of 256 layers.
const LARGEST_SIDE = 2048;
/** Most bytes of this texture: it must never near the 1 GiB at which drivers refuse. */
const MOST_BYTES = 256 * 2 ** 20;
const SMALLEST_CELL = 4;
const BYTES = 2;

export class OverviewTexture {
  /**
   * @param {WebGL2RenderingContext} gl
   * @param {import("../frame.js").Grid} grid with the cell wished for; halved until the memory is granted
   * @throws {RangeError} where not even the smallest cells find room
   */
  constructor(gl, grid) {
    this.gl = gl;
    for (let { cell } = grid; cell >= SMALLEST_CELL; cell /= 2) {
      this.grid = { ...grid, cell };
      this.size = sizeOf(this.grid);
      if (this.bytes > MOST_BYTES || this.size.layers > gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS)) continue;
      this.texture = makeLayers(gl, OVERVIEW_UNIT, gl.RGB565, this.size);
      if (this.texture) return;
    }
    throw new RangeError("no memory for small pictures");
  }

  get bytes() {
    const { width, height, layers } = this.size;
    return BYTES * width * height * layers;
  }

  /** @param {number} range @param {ImageBitmap} bitmap of 16-px cells, scaled here to the cells of the texture */
  put(range, bitmap) {
    const { gl, grid, size } = this;
    const width = grid.columns * grid.cell;
    const height = Math.round((bitmap.height / bitmap.width) * width);
    const source = bitmap.width === width ? bitmap : scaled(bitmap, width, height);
    gl.activeTexture(gl.TEXTURE0 + OVERVIEW_UNIT);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    const [left, layer] = [(range % size.beside) * width, Math.floor(range / size.beside)];
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, left, 0, layer, width, height, 1, gl.RGB, gl.UNSIGNED_SHORT_5_6_5, source);
  }

  destroy() {
    this.gl.deleteTexture(this.texture ?? null);
  }
}

/** @param {import("../frame.js").Grid} grid */
export function sizeOf({ cell, columns, images, ranges }) {
  const side = columns * cell;
  const beside = Math.max(1, Math.min(ranges, Math.floor(LARGEST_SIDE / side)));
  return { beside, width: beside * side, height: Math.ceil(images / columns) * cell, layers: Math.ceil(ranges / beside) };
}

/** @param {ImageBitmap} bitmap @param {number} width @param {number} height */
function scaled(bitmap, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d", { alpha: false })?.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}
