// @ts-check
/** How large images are drawn. Lengths in CSS pixels. */

// Images that touch nowhere would fill the view COVER times: 33 px for 1800 images, 3 px for 200,000 on a usual screen.
const COVER = 1.9;
export const LARGEST = 64;
const LARGEST_AT_HOME = 48;
const SMALLEST = 2;
// The nearer the camera, the larger the pictures, but less than in proportion: so the crowd comes apart.
const GROWTH = 0.6;
const FRONT = 1.7;

/** From this size on a picture is drawn in place of a dot. */
export const PICTURE_FROM = 7;
export const LARGEST_DOT = 9;

/**
 * @param {object} scene
 * @param {number} scene.n images of the map
 * @param {{width: number, height: number}} scene.viewport
 * @param {number} scene.distance of the camera from what it looks at
 * @param {number} scene.home distance from which the whole map is seen
 * @param {number} [scene.factor] the reader's wish
 * @returns {{unit: number, low: number, high: number, centre: number}} size = clamp(unit / depth, low, high); centre: size at
 *   the distance of what the camera looks at
 */
export function spriteSizes({ n, viewport, distance, home, factor = 1 }) {
  const atHome = Math.min(LARGEST_AT_HOME, Math.sqrt((COVER * viewport.width * viewport.height) / Math.max(1, n)));
  const zoom = Math.max(0.5, home / distance);
  const centre = Math.min(LARGEST * Math.max(1, factor), Math.max(SMALLEST, atHome * factor * zoom ** GROWTH));
  return { unit: centre * distance, low: SMALLEST, high: Math.min(LARGEST * Math.max(1, factor), centre * FRONT), centre };
}
