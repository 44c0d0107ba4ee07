// @ts-check
/**
 * The shaders. One draw call draws everything: each point is a dot, a small picture or a large one, whichever fits its size
 * and what has arrived. WebGL drops a point whose centre leaves the viewport, so the viewport is larger than the canvas by
 * `margin` on each side, and points slide out of sight instead.
 */

import { STRETCH } from "../frame.js";

/** Where each column is bound. */
export const ATTRIBUTES = { ax: 0, ay: 1, az: 2, bx: 3, by: 4, bz: 5, colour: 6, flags: 7, shape: 8, slot: 9, row: 10 };

const attribute = (/** @type {keyof typeof ATTRIBUTES} */ name, /** @type {string} */ type) => `layout(location = ${ATTRIBUTES[name]}) in ${type} ${name};`;

export const VERTEX = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2DArray;
${["ax", "ay", "az", "bx", "by", "bz"].map((name) => attribute(/** @type {"ax"} */ (name), "float")).join("\n")}
${["colour", "flags", "shape", "slot", "row"].map((name) => attribute(/** @type {"row"} */ (name), "uint")).join("\n")}

uniform mat4 matrix;
uniform vec3 scaleA, offsetA, scaleB, offsetB;
uniform float glide;
uniform vec2 viewport;
uniform float margin, near, far, distance_, fadeStart, fadeScale, fadeMost, dimmed;
uniform vec3 sizing;      // unit, low, high
uniform float pictureFrom, largestDot, line, enlarge;
uniform bool snap, tint, onTop, outlined;
uniform vec3 background, frameColour, selectedColour, matchColour, neighbourColour, outlineColour, hoverColour;
uniform sampler2D palette;
uniform highp usampler2D ready;
uniform ivec4 grid;       // images of a range, columns of a range, ranges side by side in a layer, cell in pixels (0: none)
uniform vec2 overviewSize;
uniform ivec3 slotGrid;   // slots in a row, slots in a layer, pitch in pixels
uniform float detailSize;

flat out int tier;        // 0 dot, 1 small picture, 2 large picture
flat out vec3 fill, edge;
flat out vec4 source;     // left, top, width, height in the texture
flat out float layer, side, border, fade, corner;
flat out vec2 halfSize;

const uint VISIBLE = 1u, SELECTED = 2u, MATCH = 4u, NEIGHBOUR = 16u, DIMMED = 32u, TALL = 64u;
const float TILE = 48.;

// The picture within its tile: left, top, width, height as parts of the tile.
vec4 pictureIn(uint code) {
  uint given = code & 63u;
  float short_ = given == 0u ? TILE : float(given);
  float gap = floor((TILE - short_) / 2.);
  return ((code & TALL) != 0u ? vec4(gap, 0., short_, TILE) : vec4(0., gap, TILE, short_)) / TILE;
}

// A picture inside a cell of so many pixels, on whole pixels.
vec4 inCell(vec4 part, float cell) {
  vec2 from = min(ceil(part.xy * cell), vec2(cell - 1.));
  return vec4(from, max(floor((part.xy + part.zw) * cell) - from, vec2(1.)));
}

void chooseSource(float size, vec4 part) {
  int index = int(row);
  int range = index / max(1, grid.x);
  bool small = grid.w > 0 && texelFetch(ready, ivec2(range & 255, range >> 8), 0).r > 0u;
  bool large = slot > 0u;
  if (large && !(small && size < ${STRETCH.toFixed(2)} * float(grid.w))) {
    int at = int(slot) - 1;
    int cell = at % slotGrid.y;
    vec4 inside = inCell(part, TILE);
    vec2 corner_ = vec2(cell % slotGrid.x, cell / slotGrid.x) * float(slotGrid.z) + 1.;
    source = vec4(corner_ + inside.xy, inside.zw) / detailSize;
    layer = float(at / slotGrid.y);
    tier = 2;
  } else if (small) {
    int cell = index % grid.x;
    vec4 inside = inCell(part, float(grid.w));
    vec2 corner_ = vec2(cell % grid.y + (range % grid.z) * grid.y, cell / grid.y) * float(grid.w);
    // Half a pixel inwards: linear filtering must not reach the picture beside it.
    source = vec4(corner_ + inside.xy + .5, max(inside.zw - 1., vec2(.01))) / overviewSize.xyxy;
    layer = float(range / grid.z);
    tier = 1;
  }
}

void main() {
  bool marked = (flags & (SELECTED | MATCH | NEIGHBOUR)) != 0u;
  vec3 position = mix(vec3(ax, ay, az) * scaleA + offsetA, vec3(bx, by, bz) * scaleB + offsetB, glide);
  vec4 clip = matrix * vec4(position, 1.);
  float depth = clip.w;
  tier = 0;
  if ((flags & VISIBLE) == 0u || depth < near) {
    gl_Position = vec4(2., 2., 2., 1.);
    gl_PointSize = 0.;
    return;
  }
  float size = floor(clamp(sizing.x / depth, sizing.y, sizing.z) * enlarge + .5);
  vec4 part = pictureIn(shape);
  if (size >= pictureFrom) chooseSource(size, part);
  bool strong = marked || outlined || onTop;
  if (tier == 0) {
    size = max(min(size, floor(largestDot * enlarge + .5)), onTop ? 9. * line : 1.);
    border = strong ? 2. * line : 0.;
    halfSize = vec2(size / 2.);
    corner = 0.;
  } else {
    halfSize = max(floor(size * part.zw + .5), vec2(1.)) / 2.;
    float wide = max(floor(line + .5), min(floor(3. * line + .5), floor(size / 10. + .5)));
    border = onTop ? floor(2. * line + .5) : strong || tint ? wide : size >= 14. * line ? floor(line + .5) : 0.;
    corner = min(4., floor(min(halfSize.x, halfSize.y) / 5.));
  }
  side = 2. * (max(halfSize.x, halfSize.y) + border) + 2.;

  vec3 own = texelFetch(palette, ivec2(int(colour), 0), 0).rgb;
  float faded = onTop ? 0. : clamp((depth / distance_ - fadeStart) * fadeScale, 0., 1.) * fadeMost;
  fade = (flags & DIMMED) != 0u && !onTop ? 1. - (1. - faded) * dimmed : faded;
  fill = mix(own, background, fade);
  edge = onTop ? hoverColour
    : (flags & SELECTED) != 0u ? selectedColour
    : (flags & MATCH) != 0u ? matchColour
    : marked ? neighbourColour
    : outlined ? outlineColour
    : tint ? own : frameColour;

  // Marked images come forward, dimmed ones go back; no other order than that of depth otherwise.
  float order = max(near, depth * (onTop ? .01 : marked ? .85 : (flags & DIMMED) != 0u ? 1.25 : 1.));
  float z = (far + near) / (far - near) - 2. * far * near / ((far - near) * order);
  vec2 pixel = (clip.xy / depth * .5 + .5) * viewport;
  if (snap && tier > 0) pixel = floor(pixel + .5 - fract(halfSize)) + fract(halfSize);
  vec2 wide_ = viewport + 2. * margin;
  gl_Position = vec4((pixel + margin) / wide_ * 2. - 1., z, 1.);
  gl_PointSize = side;
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2DArray;
uniform sampler2DArray overview, detail;
uniform vec3 background;
flat in int tier;
flat in vec3 fill, edge;
flat in vec4 source;
flat in float layer, side, border, fade, corner;
flat in vec2 halfSize;
out vec4 result;

vec3 large(vec2 at, vec2 step_) {
  // Four taps: a picture drawn at half its size would flicker with one.
  vec3 sum = vec3(0.);
  for (int i = 0; i < 4; i++) sum += textureLod(detail, vec3(at + step_ * (vec2(i & 1, i >> 1) - .5), layer), 0.).rgb;
  return sum / 4.;
}

void main() {
  vec2 p = (gl_PointCoord - .5) * side;
  if (tier == 0) {
    float r = length(p);
    float radius = halfSize.x;
    bool round_ = radius + border >= 2.;
    float cover = round_ ? clamp(radius + border + .5 - r, 0., 1.) : float(max(abs(p.x), abs(p.y)) <= radius);
    if (cover <= .02) discard;
    result = vec4(r > radius && border > 0. ? edge : fill, cover);
    return;
  }
  vec2 q = abs(p) - halfSize;
  float outer = border + corner;
  float d = length(max(q - border + outer, 0.)) - outer;
  if (d > 0.) discard;
  vec3 colour = edge;
  if (border <= 0. || max(q.x, q.y) <= 0.) {
    vec2 at = source.xy + (p / halfSize * .5 + .5) * source.zw;
    vec2 step_ = source.zw / halfSize * .25;
    colour = tier == 1 ? textureLod(overview, vec3(at, layer), 0.).rgb : large(at, step_);
    colour = mix(colour, background, fade);
  } else colour = mix(edge, background, fade);
  result = vec4(colour, 1.);
}`;
