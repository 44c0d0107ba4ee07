// @ts-check
/** What a renderer is asked to draw. Lengths are device pixels. */

/**
 * @typedef {object} Colours
 * @property {number[]} background red, green, blue, 0 to 255; as all of these
 * @property {number[]} frame thin line around pictures
 * @property {number[]} selected
 * @property {number[]} match
 * @property {number[]} neighbour
 * @property {number[]} hover
 * @property {number[]} outline around the images of a second dataset
 */

/**
 * @typedef {object} Frame
 * @property {string} version another one whenever anything else here or in the sets is another
 * @property {number} lens number of the camera's, the canvas's and the positions' state
 * @property {Float32Array} matrix world to clip coordinates
 * @property {{width: number, height: number}} viewport
 * @property {number} near
 * @property {number} distance of the camera from what it looks at
 * @property {boolean} flat seen in 2-D
 * @property {{unit: number, low: number, high: number}} sizing
 * @property {number} pictureFrom least size of pictures
 * @property {number} dot largest size of dots
 * @property {number} line width of thin lines
 * @property {boolean} moving
 * @property {number} k share of what may be drawn while moving
 * @property {number} large how many large pictures of each set at most
 * @property {boolean} tint frames take the image's colour
 * @property {Colours} colours
 * @property {import("./point_set.js").PointSet[]} sets
 * @property {{layer: number, place: number}|null} hovered
 */

/** What was drawn. @typedef {{done: boolean, drawn: number, dots: number, overview: number, detail: number}} Drawn */

/** Overview pictures of a dataset. @typedef {{cell: number, columns: number, images: number, ranges: number}} Grid */

/**
 * @typedef {object} Renderer
 * @property {HTMLCanvasElement} canvas
 * @property {string} name
 * @property {"gpu"|"software"|"2d"} quality
 * @property {boolean} software
 * @property {number} bytes of textures, or of the memory that stands for them
 * @property {number} slots for large pictures
 * @property {number} frameLimit milliseconds that a frame of a moving camera may take
 * @property {number} pixelLimit most pixels of the canvas
 * @property {number} ratioLimit most device pixels for a CSS pixel
 * @property {number} pointLimit device pixels of the largest picture
 * @property {() => void} onRestored set by the owner: all pictures have to be handed over again
 * @property {(n: number) => number} overviewCell side of the overview cells for n images, 0 for none
 * @property {(width: number, height: number) => void} resize
 * @property {(set: import("./point_set.js").PointSet, grid: Grid|null) => boolean} add false: without pictures, for want of memory
 * @property {(set: import("./point_set.js").PointSet) => void} remove
 * @property {(set: import("./point_set.js").PointSet, range: number, bitmap: ImageBitmap) => void} putOverview
 * @property {(slot: number, pixels: Int32Array, start: number, stride: number) => void} putDetail
 * @property {(frame: Frame) => Drawn} draw `done` false: call again with the same frame
 * @property {(frame: Frame) => boolean} hover draw only another hovered image; false: a whole frame is needed
 * @property {() => void} destroy
 */

// What lies behind the point looked at fades a little: enough to tell front from back, too little to hide anything.
/** From `start` to `end` camera distances, up to the share `most`. */
export const FADE = { start: 0.9, end: 2.6, most: 0.5 };
/**
 * From so many times its cell's size on a small picture gives way to a large one, and only then: what is drawn must not depend
 * on which large pictures happen to be there from views before.
 */
export const STRETCH = 1.25;
const MOST_LARGE = 2000;
/** What is left of the colour of dimmed images. */
export const DIMMED_SHARE = 0.2;

/**
 * Share of the background in what is drawn at a depth.
 * @param {number} depth in distances of the camera
 * @param {boolean} flat
 */
export function fadeAt(depth, flat) {
  return flat ? 0 : FADE.most * Math.min(1, Math.max(0, (depth - FADE.start) / (FADE.end - FADE.start)));
}

/** Pixels of a picture's longer side. @param {number} depth @param {Frame["sizing"]} sizing */
export function sizeAt(depth, { unit, low, high }) {
  return Math.round(Math.min(high, Math.max(low, unit / depth)));
}

/** How many of a dataset's images have a large picture at a time: some slots are left for those seen before. @param {number} slots @param {number} sets */
export function mostLarge(slots, sets) {
  return Math.min(MOST_LARGE, Math.floor((0.8 * slots) / sets));
}

/** Width of the frame around a picture. @param {number} size @param {number} line @param {boolean} strong */
export function frameWidth(size, line, strong) {
  if (!strong) return size >= 14 * line ? Math.round(line) : 0;
  return Math.max(Math.round(line), Math.min(Math.round(3 * line), Math.round(size / 10)));
}
