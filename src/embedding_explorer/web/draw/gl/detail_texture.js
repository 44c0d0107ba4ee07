// @ts-check
/** Large pictures in the slots of one texture of layers. */
import { TILE } from "../../core/tiles.js";
import { makeLayers } from "./gl.js";

export const DETAIL_UNIT = 1;
const SIDE = 2048;
const PITCH = TILE + 2;
const ACROSS = Math.floor(SIDE / PITCH);
const SLOTS_PER_LAYER = ACROSS * ACROSS;
/** Layers asked for first; halved until the memory is granted. */
export const LAYERS = 4;

export class DetailTexture {
  /** @param {WebGL2RenderingContext} gl @throws {RangeError} where not even one layer finds room */
  constructor(gl) {
    this.gl = gl;
    this.grid = { across: ACROSS, perLayer: SLOTS_PER_LAYER, pitch: PITCH, side: SIDE };
    for (let layers = LAYERS; layers >= 1; layers >>= 1) {
      this.layers = layers;
      this.texture = makeLayers(gl, DETAIL_UNIT, gl.RGBA8, { width: SIDE, height: SIDE, layers });
      if (this.texture) return;
    }
    throw new RangeError("no memory for large pictures");
  }

  get slots() {
    return this.layers * SLOTS_PER_LAYER;
  }

  get bytes() {
    return this.layers * SIDE * SIDE * 4;
  }

  /**
   * Put a picture, with the pixel around it that the sprite has, too.
   * @param {number} slot
   * @param {Int32Array} pixels of a sprite
   * @param {number} start index of the picture's first pixel
   * @param {number} stride pixels of a row
   */
  put(slot, pixels, start, stride) {
    const { gl } = this;
    const cell = slot % SLOTS_PER_LAYER;
    gl.activeTexture(gl.TEXTURE0 + DETAIL_UNIT);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride);
    const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset + 4 * start);
    const at = [(cell % ACROSS) * PITCH + 1, Math.floor(cell / ACROSS) * PITCH + 1, Math.floor(slot / SLOTS_PER_LAYER)];
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, at[0], at[1], at[2], TILE, TILE, 1, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
  }

  destroy() {
    this.gl.deleteTexture(this.texture ?? null);
  }
}
