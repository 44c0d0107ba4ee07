// @ts-check
/** Chooses how to draw: WebGL2 on a graphics processor, else on the processor. */
import { GlRenderer } from "./gl/gl_renderer.js";
import { probe } from "./gl/probe.js";
import { RasterRenderer } from "./raster/raster_renderer.js";

/** @typedef {"auto"|"gpu"|"software"|"2d"} Quality */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Quality} quality
 * @param {(level: "info"|"warning"|"error", text: string) => void} notice
 * @param {number} seed
 * @returns {import("./frame.js").Renderer}
 */
export function createRenderer(canvas, quality, notice, seed) {
  let surface = canvas;
  if (quality === "2d") return new RasterRenderer(canvas, { quality: "2d", name: "canvas" });
  const found = probe();
  if (found && (quality === "gpu" || (quality === "auto" && !found.software))) {
    try {
      return new GlRenderer(canvas, found.name, notice, seed);
    } catch (error) {
      notice("warning", `The graphics processor cannot be used (${error instanceof Error ? error.message : error}); the map is drawn by the main processor.`);
      surface = replacement(canvas);
    }
  }
  if (!found) {
    notice(quality === "gpu" ? "warning" : "info", "This browser offers no WebGL2, so the map is drawn by the main processor.");
    return new RasterRenderer(canvas, { quality: "2d", name: "canvas, as there is no WebGL2" });
  }
  if (quality === "auto" && found.software) notice("info", "No graphics processor was found, so the map is drawn by the main processor.");
  return new RasterRenderer(surface, { quality: "software", name: `canvas, in place of ${found.name}` });
}

/** A canvas that was once given to WebGL can be used for nothing else. @param {HTMLCanvasElement} canvas */
function replacement(canvas) {
  const fresh = /** @type {HTMLCanvasElement} */ (canvas.cloneNode());
  canvas.replaceWith(fresh);
  return fresh;
}
