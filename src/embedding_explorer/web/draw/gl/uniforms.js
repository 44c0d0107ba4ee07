// @ts-check
/** What the shaders have to know of a frame and of each dataset in it. */
import { DIMMED_SHARE, FADE } from "../frame.js";
import { DETAIL_UNIT } from "./detail_texture.js";
import { OVERVIEW_UNIT } from "./overview_texture.js";
import { PALETTE_UNIT, READY_UNIT } from "./set_buffers.js";

/** @typedef {import("../frame.js").Frame} Frame */
/** @typedef {(name: string) => WebGLUniformLocation|null} Uniforms */

/** Pictures half outside the canvas are drawn: none is larger than twice this. Pixels. */
export const MARGIN = 160;

/**
 * @param {WebGL2RenderingContext} gl
 * @param {Uniforms} at
 * @param {Frame} frame
 * @param {import("./detail_texture.js").DetailTexture["grid"]} slots
 */
export function setFrame(gl, at, frame, slots) {
  for (const [name, value] of Object.entries(numbersOf(frame, slots.side))) gl.uniform1f(at(name), value);
  for (const [name, [r, g, b]] of Object.entries(coloursOf(frame))) gl.uniform3f(at(name), r / 255, g / 255, b / 255);
  const units = { overview: OVERVIEW_UNIT, detail: DETAIL_UNIT, palette: PALETTE_UNIT, ready: READY_UNIT };
  const choices = { snap: Number(!frame.moving), tint: Number(frame.tint), onTop: 0 };
  for (const [name, value] of Object.entries({ ...units, ...choices })) gl.uniform1i(at(name), value);
  gl.uniformMatrix4fv(at("matrix"), false, frame.matrix);
  gl.uniform2f(at("viewport"), frame.viewport.width, frame.viewport.height);
  gl.uniform3f(at("sizing"), frame.sizing.unit, frame.sizing.low, frame.sizing.high);
  gl.uniform3i(at("slotGrid"), slots.across, slots.perLayer, slots.pitch);
}

/** @param {Frame} frame @param {number} detailSize pixels of a side of the texture of large pictures */
function numbersOf(frame, detailSize) {
  return {
    margin: MARGIN, near: frame.near, far: 2 * frame.distance + 20, distance_: frame.distance, pictureFrom: frame.pictureFrom,
    largestDot: frame.dot, line: frame.line, enlarge: 1, fadeStart: FADE.start, fadeScale: 1 / (FADE.end - FADE.start),
    fadeMost: frame.flat ? 0 : FADE.most, dimmed: DIMMED_SHARE, detailSize,
  };
}

/** @param {Frame} frame */
function coloursOf({ colours }) {
  const { background, frame, selected, match, neighbour, outline, hover } = colours;
  return {
    background, frameColour: frame, selectedColour: selected, matchColour: match, neighbourColour: neighbour, outlineColour: outline, hoverColour: hover,
  };
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {Uniforms} at
 * @param {import("../point_set.js").PointSet} set
 * @param {import("./overview_texture.js").OverviewTexture|null} overview
 */
export function setSet(gl, at, set, overview) {
  const { space: from } = set.from, { space: to } = set.to ?? set.from;
  const spaces = { scaleA: from.scale, offsetA: from.offset, scaleB: to.scale, offsetB: to.offset };
  for (const [name, values] of Object.entries(spaces)) gl.uniform3fv(at(name), values);
  gl.uniform1f(at("glide"), set.to ? set.t : 0);
  gl.uniform1i(at("outlined"), Number(set.layer > 0));
  const { images = 1, columns = 1, cell = 0 } = overview?.grid ?? {};
  gl.uniform4i(at("grid"), images, columns, overview?.size.beside ?? 1, overview ? cell : 0);
  gl.uniform2f(at("overviewSize"), overview?.size.width ?? 1, overview?.size.height ?? 1);
}
