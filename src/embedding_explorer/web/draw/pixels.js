// @ts-check
/** From pictures to pixels. */

/** @type {OffscreenCanvasRenderingContext2D|null} */
let scratch = null;

/**
 * The pixels of a picture.
 * @param {ImageBitmap} bitmap
 * @param {number} [width] scaled to this
 * @param {number} [height]
 * @returns {Int32Array} ABGR, row by row
 */
export function pixelsOf(bitmap, width = bitmap.width, height = bitmap.height) {
  scratch ??= /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true, alpha: false }));
  if (scratch.canvas.width < width) scratch.canvas.width = width;
  if (scratch.canvas.height < height) scratch.canvas.height = height;
  scratch.drawImage(bitmap, 0, 0, width, height);
  return new Int32Array(scratch.getImageData(0, 0, width, height).data.buffer);
}
