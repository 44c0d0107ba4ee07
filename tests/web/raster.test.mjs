import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../src/embedding_explorer/web/core/camera.js";
import { DIMMED, SELECTED, VISIBLE } from "../../src/embedding_explorer/web/core/flags.js";
import { fadeAt, frameWidth } from "../../src/embedding_explorer/web/draw/frame.js";
import { PointSet } from "../../src/embedding_explorer/web/draw/point_set.js";
import { drawDisc, mix, pack } from "../../src/embedding_explorer/web/draw/raster/discs.js";
import { dotColours, dotSizes, drawDots, PHASES } from "../../src/embedding_explorer/web/draw/raster/dots.js";
import { drawPicture } from "../../src/embedding_explorer/web/draw/raster/pictures.js";
import { sourceOf } from "../../src/embedding_explorer/web/draw/raster/picture_pass.js";
import { RasterRenderer } from "../../src/embedding_explorer/web/draw/raster/raster_renderer.js";
import { SlotStore } from "../../src/embedding_explorer/web/draw/raster/stores.js";
import { numbers, placed, seenBy } from "./samples.mjs";

const BLACK = [0, 0, 0];
const MARKS = { selected: pack(255, 255, 255), match: pack(255, 200, 0), neighbour: pack(0, 255, 255), outline: 0 };

const rgb = (word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255];

function sheet(width = 100, height = 80, ground = pack(...BLACK)) {
  return { width, height, pixels: new Int32Array(width * height).fill(ground), depths: new Float32Array(width * height).fill(Infinity) };
}

const at = ({ pixels, width }, x, y) => rgb(pixels[y * width + x]);

/** Where anything is drawn on a black sheet. */
const drawnIn = ({ pixels }) => [...pixels.keys()].filter((i) => pixels[i] !== pack(...BLACK));

/** A set whose images are on the screen at [x, y, depth], with the palette index of their row. */
function scattered(points, flags = points.map(() => VISIBLE)) {
  const set = new PointSet(placed(points.map((_, row) => [row / points.length, 0, 0])));
  set.setFlags(Uint8Array.from(flags));
  set.setColours(Uint8Array.from(points, (_, row) => row % 256), Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : 40 + ((i >> 2) * (i % 4 === 0 ? 7 : i % 4 === 1 ? 13 : 29)) % 200)));
  set.projected.near = 0.1;
  points.forEach(([x, y, depth], row) => {
    const place = set.places[row];
    [set.projected.x[place], set.projected.y[place], set.projected.depth[place]] = [x, y, depth];
  });
  return set;
}

const colourOf = (set, row) => [...set.palette.subarray(4 * (row % 256), 4 * (row % 256) + 3)];

function style(set, { size = 1, marks = MARKS } = {}) {
  return { colours: dotColours(set.palette, BLACK, () => 0), sizes: new Uint8Array(64).fill(size), scale: 16, marks, covered: new Uint8Array(set.n) };
}

test("packed colours are the bytes that a canvas takes, and mixing is between them", () => {
  assert.deepEqual([...new Uint8Array(Int32Array.of(pack(1, 200, 255)).buffer)], [1, 200, 255, 255]);
  const [a, b] = [pack(0, 255, 100), pack(255, 255, 200)];
  assert.deepEqual([0, 128, 256].map((share) => rgb(mix(a, b, share))), [[0, 255, 100], [127, 255, 150], [255, 255, 200]]);
  assert.equal(mix(a, b, 77) >>> 24, 255);
});

test("a dot has the image's colour, at its pixel, and nothing else is touched", () => {
  const set = scattered([[10.2, 20.7, 1], [30, 5, 2], [99, 79, 1]]);
  const target = sheet();
  drawDots(target, set, style(set));
  assert.deepEqual([at(target, 10, 20), at(target, 30, 5), at(target, 99, 79)], [0, 1, 2].map((row) => colourOf(set, row)));
  assert.equal(drawnIn(target).length, 3);
});

test("squares of two and three pixels, and discs, have their size", () => {
  for (const size of [1, 2, 3]) {
    const set = scattered([[50, 40, 1]]);
    const target = sheet();
    drawDots(target, set, style(set, { size }));
    assert.equal(drawnIn(target).length, size * size);
    assert.deepEqual(at(target, 50, 40), colourOf(set, 0));
  }
  for (const size of [5, 8, 13]) {
    const target = sheet();
    drawDisc(target, 20, 20, size, 1, pack(255, 0, 0));
    const area = drawnIn(target).reduce((sum, i) => sum + rgb(target.pixels[i])[0] / 255, 0);
    assert.ok(Math.abs(area / ((Math.PI * size * size) / 4) - 1) < 0.2, `${size}: ${area}`);
    for (const i of drawnIn(target)) {
      const [x, y] = [i % 100, Math.floor(i / 100)];
      assert.ok(x >= 20 && y >= 20 && x < 20 + size && y < 20 + size);
      assert.equal(target.pixels[i], target.pixels[y * 100 + (40 + size - 1 - x)], "a disc is the same from left and right");
    }
  }
});

test("what is nearer hides what is farther, in whatever order they come", () => {
  for (const size of [1, 2, 3, 6]) {
    for (const [first, second] of [[1, 2], [2, 1]]) {
      const set = scattered([[50, 40, first], [50, 40, second]]);
      const target = sheet();
      drawDots(target, set, style(set, { size }));
      assert.deepEqual(at(target, 50, 40), colourOf(set, first < second ? 0 : 1));
    }
  }
});

test("hidden images, those behind the camera, off the sheet or without a position leave no trace", () => {
  const points = [[50, 40, 1], [50, 40, 0.05], [50, 40, -1], [-1, 40, 1], [50, 80, 1], [1e9, 40, 1], [NaN, NaN, NaN]];
  const set = scattered(points, points.map((_, row) => (row === 0 ? 0 : VISIBLE)));
  for (const size of [1, 3, 6]) {
    const target = sheet();
    drawDots(target, set, style(set, { size }));
    assert.deepEqual(drawnIn(target), []);
  }
});

test("an image that is drawn as a picture has no dot", () => {
  const set = scattered([[50, 40, 1]]);
  const target = sheet();
  drawDots(target, set, { ...style(set), covered: Uint8Array.of(1) });
  assert.deepEqual(drawnIn(target), []);
});

test("marked images come forward and have a ring, dimmed ones go back and fade", () => {
  const set = scattered([[50, 40, 1], [50, 40, 1.1], [20, 20, 1], [80, 20, 1], [80, 20, 1.2]], [VISIBLE, VISIBLE | SELECTED, VISIBLE | DIMMED, VISIBLE | DIMMED, VISIBLE]);
  const target = sheet();
  drawDots(target, set, style(set, { size: 5 }));
  assert.deepEqual(at(target, 50, 40), colourOf(set, 1));
  assert.deepEqual(at(target, 47, 40), [255, 255, 255]);
  assert.ok(at(target, 20, 20).every((value, i) => value > 0 && value < 0.35 * colourOf(set, 2)[i]));
  assert.deepEqual(at(target, 80, 20), colourOf(set, 4));
});

test("a second dataset has its outline around every image", () => {
  const set = scattered([[50, 40, 1]]);
  const target = sheet();
  drawDots(target, set, style(set, { size: 5, marks: { ...MARKS, outline: pack(1, 2, 3) } }));
  assert.deepEqual([at(target, 50, 40), at(target, 47, 40)], [colourOf(set, 0), [1, 2, 3]]);
});

/** One image on each pixel of a sheet. */
function grid() {
  const points = Array.from({ length: 8000 }, (_, i) => [i % 100, Math.floor(i / 100), 1]);
  return scattered(points);
}

test("each phase draws its sixteenth, all phases together everything once", () => {
  const set = grid();
  const seen = new Set();
  for (let phase = 0; phase < PHASES; phase += 1) {
    const target = sheet();
    drawDots(target, set, style(set), phase, phase + 1);
    const drawn = drawnIn(target);
    assert.equal(drawn.length, 500);
    for (const i of drawn) assert.ok(!seen.has(i));
    drawn.forEach((i) => seen.add(i));
  }
  assert.equal(seen.size, 8000);
});

test("a few phases are a fair sample of each stretch along the curve", () => {
  const set = grid();
  for (const last of [2, 4, 8]) {
    const target = sheet();
    drawDots(target, set, style(set), 0, last);
    const drawn = new Set(drawnIn(target));
    for (let start = 0; start + 160 <= 8000; start += 160) {
      const count = [...set.rows.subarray(start, start + 160)].filter((row) => drawn.has(row)).length;
      assert.equal(count, 10 * last);
    }
  }
});

test("colours fade into the background with the distance, dimmed ones more", () => {
  const palette = new Uint8Array(1024).fill(200);
  const colours = dotColours(palette, [0, 100, 255], (depth) => (depth > 2 ? 0.5 : 0));
  const [front, back] = [colours[0], colours[63 << 8]].map(rgb);
  assert.deepEqual([front, back], [[200, 200, 200], [100, 150, 228]]);
  const dimmed = rgb(colours[64 << 8]);
  assert.ok(dimmed[0] < 60 && dimmed[2] > 240);
});

test("dots are as large as their depth says, within bounds", () => {
  const { sizes, scale } = dotSizes({ unit: 12, low: 2 }, 9, 2);
  const size = (depth) => sizes[Math.floor(depth * scale)];
  assert.deepEqual([size(0.5), size(2), size(3), size(7.9)], [9, 6, 4, 2]);
});

test("front and back differ by their fading in 3-D, not in 2-D", () => {
  assert.equal(fadeAt(0.5, false), 0);
  assert.ok(fadeAt(1.5, false) > 0.05 && fadeAt(1.5, false) < fadeAt(2.5, false) && fadeAt(99, false) <= 0.6);
  assert.equal(fadeAt(99, true), 0);
});

test("frames are thin, those of marked images wider, those of tiny pictures none", () => {
  assert.deepEqual([frameWidth(10, 1, false), frameWidth(20, 1, false), frameWidth(10, 1, true), frameWidth(60, 1, true)], [0, 1, 1, 3]);
});

/** A source of four coloured quarters within a cell that is magenta outside the picture. */
function quarters() {
  const side = 12;
  const pixels = new Int32Array(side * side).fill(pack(255, 0, 255));
  const corners = [pack(250, 0, 0), pack(0, 250, 0), pack(0, 0, 250), pack(250, 250, 0)];
  for (let y = 0; y < 8; y += 1) for (let x = 0; x < 8; x += 1) pixels[(y + 2) * side + x + 2] = corners[2 * Number(y >= 4) + Number(x >= 4)];
  return { pixels, offset: 0, stride: side, x: 2, y: 2, width: 8, height: 8 };
}

const LOOK = { frame: 0, colour: pack(9, 9, 9), fade: 0, background: 0, smooth: false };

test("a picture lies around its centre, each quarter where it belongs, at any size", () => {
  for (const smooth of [false, true]) {
    for (const size of [4, 8, 16, 40]) {
      const target = sheet();
      drawPicture(target, quarters(), { x: 50, y: 40, width: size, height: size }, 1, { ...LOOK, smooth });
      const q = Math.floor(size / 4);
      const found = [[-q, -q], [q, -q], [-q, q], [q, q]].map(([x, y]) => at(target, 50 + x - Number(x > 0 && size === 4), 40 + y - Number(y > 0 && size === 4)));
      assert.deepEqual(found, [[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 0]], `${size} ${smooth}`);
      const drawn = drawnIn(target).map((i) => [i % 100, Math.floor(i / 100)]);
      assert.ok(drawn.every(([x, y]) => Math.abs(x + 0.5 - 50) <= size / 2 && Math.abs(y + 0.5 - 40) <= size / 2));
      assert.ok(drawn.length > 0.97 * size * size);
      assert.ok(drawn.every(([x, y]) => at(target, x, y).join() !== "255,0,255"), "nothing from beside the picture");
    }
  }
});

test("the frame is around the picture", () => {
  const target = sheet();
  drawPicture(target, quarters(), { x: 50, y: 40, width: 20, height: 20 }, 1, { ...LOOK, frame: 2 });
  assert.deepEqual([at(target, 39, 40), at(target, 60, 40), at(target, 50, 29), at(target, 50, 51)], Array(4).fill([9, 9, 9]));
  assert.deepEqual(at(target, 37, 40), BLACK);
  assert.deepEqual(at(target, 41, 40), [0, 0, 250]);
});

test("a picture hides what is behind it and is hidden by what is in front", () => {
  const target = sheet();
  const place = { x: 50, y: 40, width: 20, height: 20 };
  drawDisc(target, 44, 34, 5, 0.5, pack(1, 1, 1));
  drawPicture(target, quarters(), place, 1, LOOK);
  drawPicture(target, { ...quarters(), pixels: new Int32Array(144).fill(pack(7, 7, 7)) }, place, 2, { ...LOOK, smooth: true });
  drawDisc(target, 52, 34, 5, 2, pack(2, 2, 2));
  assert.deepEqual([at(target, 46, 36), at(target, 54, 36), at(target, 46, 44)], [[1, 1, 1], [0, 250, 0], [0, 0, 250]]);
});

test("a picture that is half outside is cut, one outside is not drawn", () => {
  for (const [x, y] of [[0, 40], [100, 40], [50, 0], [50, 80], [0, 0], [100, 80], [99, 1]]) {
    for (const frame of [0, 1, 3]) {
      const target = sheet();
      drawPicture(target, quarters(), { x, y, width: 30, height: 30 }, 1, { ...LOOK, frame });
      const drawn = drawnIn(target).map((i) => [i % 100, Math.floor(i / 100)]);
      assert.ok(drawn.length > 150);
      assert.ok(drawn.every(([px, py]) => Math.abs(px + 0.5 - x) <= 15 + frame && Math.abs(py + 0.5 - y) <= 15 + frame), "nothing comes in at the other side");
    }
  }
  for (const [x, y] of [[-40, 40], [140, 40], [50, -40], [50, 200]]) {
    const target = sheet();
    drawPicture(target, quarters(), { x, y, width: 30, height: 30 }, 1, { ...LOOK, frame: 2 });
    assert.deepEqual(drawnIn(target), []);
  }
});

test("a picture in a slot is its part of the sprite, its half size the means of four", () => {
  const store = new SlotStore(3);
  const stride = 60;
  const sprite = Int32Array.from({ length: stride * 60 }, (_, i) => pack(4 * (i % stride), 4 * Math.floor(i / stride), 10));
  store.put(1, sprite, 5 * stride + 7, stride);
  const full = (x, y) => rgb(store.full[48 * 48 + y * 48 + x]);
  assert.deepEqual([full(0, 0), full(47, 47)], [[28, 20, 10], [4 * 54, 4 * 52, 10]]);
  assert.deepEqual(rgb(store.half[24 * 24]), [30, 22, 10]);
  assert.deepEqual(rgb(store.half[2 * 24 * 24 - 1]), [4 * 53.5, 4 * 51.5, 10]);
  assert.equal(store.full[0], 0);
  assert.equal(store.full[2 * 48 * 48], 0);
});

/** A canvas that keeps what is put on it. */
function fakeCanvas(width, height) {
  const shown = { width, height, pixels: new Int32Array(width * height) };
  const context = {
    createImageData: (w, h) => ({ width: w, height: h, data: new Uint8ClampedArray(4 * w * h) }),
    putImageData(image, left, top, x = 0, y = 0, w = image.width, h = image.height) {
      const words = new Int32Array(image.data.buffer);
      for (let line = Math.max(0, y); line < Math.min(image.height, y + h); line += 1) {
        for (let column = Math.max(0, x); column < Math.min(image.width, x + w); column += 1) {
          const [px, py] = [left + column, top + line];
          if (px >= 0 && py >= 0 && px < shown.width && py < shown.height) shown.pixels[py * shown.width + px] = words[line * image.width + column];
        }
      }
    },
  };
  return { canvas: { width, height, getContext: () => context }, shown };
}

const VIEWPORT = { width: 200, height: 150 };
const COLOURS = { background: [10, 20, 30], frame: BLACK, selected: [255, 255, 255], match: BLACK, neighbour: BLACK, hover: [255, 0, 128], outline: BLACK };

function frameOf(camera, set, more = {}) {
  return {
    version: "1", lens: 1, matrix: camera.matrix(VIEWPORT), viewport: VIEWPORT, near: 0.15 * camera.distance, distance: camera.distance, flat: false,
    sizing: { unit: 3 * camera.distance, low: 2, high: 12 }, pictureFrom: 7, dot: 9, line: 1, moving: false, k: 1, large: 100, tint: false, colours: COLOURS, sets: [set], hovered: null, ...more,
  };
}

function stage(points) {
  const { canvas, shown } = fakeCanvas(VIEWPORT.width, VIEWPORT.height);
  const renderer = new RasterRenderer(canvas, { quality: "software", name: "test" });
  const set = new PointSet(placed(points));
  set.setColours(Uint8Array.from(points, (_, row) => row % 200), Uint8Array.from({ length: 1024 }, (_, i) => (i * 37) % 256));
  renderer.add(set, null);
  return { renderer, set, shown };
}

test("on the canvas the pixel of a known point has its colour, everything else that of the background", () => {
  const camera = Camera.fromString("3d,0,0,0,3,20,-10");
  const points = [[0, 0, 0], [0.5, 0.3, 0.6], [-0.4, -0.3, 0.9]];
  const { renderer, set, shown } = stage(points);
  const drawn = renderer.draw(frameOf(camera, set));
  assert.deepEqual([drawn.done, drawn.drawn, drawn.dots], [true, 3, 3]);
  points.forEach((point, row) => {
    const { x, y, depth } = seenBy(camera, point, VIEWPORT);
    const own = [...set.palette.subarray(4 * row, 4 * row + 3)];
    const share = fadeAt(depth / 3, false);
    const wanted = own.map((value, i) => value + share * (COLOURS.background[i] - value));
    const found = at(shown, Math.floor(x), Math.floor(y));
    assert.ok(found.every((value, i) => Math.abs(value - wanted[i]) <= 4), `${row}: ${found} ${wanted}`);
  });
  const ground = shown.pixels.filter((word) => word === pack(...COLOURS.background)).length;
  assert.ok(ground > 29_900 && ground < 30_000);
});

test("while moving a share is drawn, at rest everything, though the camera is where it was", () => {
  const next = numbers(3);
  const points = Array.from({ length: 4000 }, () => [2 * next() - 1, 2 * next() - 1, 0]);
  const camera = Camera.fromString("3d,0,0,0,3,0,0");
  const { renderer, set, shown } = stage(points);
  const count = () => shown.pixels.filter((word) => word !== pack(...COLOURS.background)).length;
  assert.equal(renderer.draw(frameOf(camera, set, { moving: true, k: 0.25, version: "1 moving" })).drawn, 1000);
  const few = count();
  assert.equal(renderer.draw(frameOf(camera, set)).drawn, 4000);
  assert.ok(few > 0 && count() > 2 * few);
});

test("what was begun for one view does not go on in another", () => {
  const { renderer, set, shown } = stage([[0.3, 0, 0], [-0.3, 0, 0]]);
  renderer.draw(frameOf(Camera.fromString("3d,0,0,0,3,0,0"), set, { moving: true, k: 0.5, version: "1 moving" }));
  const camera = Camera.fromString("3d,0,0.4,0,3,0,0");
  renderer.draw(frameOf(camera, set, { version: "2", lens: 2 }));
  const wanted = [[0.3, 0, 0], [-0.3, 0, 0]].map((point) => seenBy(camera, point, VIEWPORT));
  shown.pixels.forEach((word, i) => {
    const close = wanted.some(({ x, y }) => Math.hypot((i % 200) - x, Math.floor(i / 200) - y) < 5);
    assert.ok(close || word === pack(...COLOURS.background));
  });
});

test("the image under the pointer is drawn on top; without it everything is as before", () => {
  const camera = Camera.fromString("3d,0,0,0,3,0,0");
  const { renderer, set, shown } = stage([[0, 0, 0], [0, 0, 0.5], [0.4, 0.2, 0]]);
  renderer.draw(frameOf(camera, set));
  const before = shown.pixels.slice();
  const hovered = (place) => frameOf(camera, set, { hovered: place === null ? null : { layer: 0, place } });
  assert.ok(renderer.hover(hovered(set.places[0])));
  assert.deepEqual(at(shown, 100, 75), [...set.palette.subarray(0, 3)]);
  assert.ok(shown.pixels.includes(pack(...COLOURS.hover)));
  assert.ok(renderer.hover(hovered(null)));
  assert.deepEqual(shown.pixels, before);
});

test("an image that went behind the camera or was hidden is not drawn though it is under the pointer", () => {
  const camera = Camera.fromString("3d,0,0,0,0.5,0,0");
  const { renderer, set, shown } = stage([[0, 0, 0], [0.05, 0, 0.9]]);
  set.setFlags(Uint8Array.of(0, VISIBLE));
  for (const row of [0, 1]) {
    renderer.draw(frameOf(camera, set, { hovered: { layer: 0, place: set.places[row] } }));
    assert.ok(shown.pixels.every((word) => word === pack(...COLOURS.background)));
  }
});

test("large pictures are drawn in place of dots, in their frame", () => {
  const camera = Camera.fromString("2d,0,0,3");
  const { renderer, set, shown } = stage([[0, 0, 0]]);
  renderer.putDetail(4, new Int32Array(50 * 50).fill(pack(1, 200, 3)), 51, 50);
  set.slots[0] = 5;
  const drawn = renderer.draw(frameOf(camera, set, { sizing: { unit: 30 * camera.distance, low: 2, high: 64 }, flat: true }));
  assert.deepEqual([drawn.detail, drawn.dots], [1, 0]);
  assert.deepEqual([at(shown, 100, 75), at(shown, 90, 65), at(shown, 100, 91)], [[1, 200, 3], [1, 200, 3], COLOURS.background]);
  assert.deepEqual(at(shown, 100, 59), BLACK);
});

test("which picture is drawn depends on its size, not on what happens to be there", () => {
  const { set } = stage([[0, 0, 0]]);
  const cells = { grid: { cell: 16, columns: 10, images: 1000, ranges: 1 }, ranges: [new Int32Array(16 * 16 * 10)] };
  const detail = new SlotStore(2);
  const side = (size, stores = { cells, detail }) => sourceOf(set, 0, size, stores)?.stride;
  assert.deepEqual([8, 19, 40].map((size) => side(size)), [16, 16, 16]);
  set.slots[0] = 2;
  assert.deepEqual([8, 19, 20, 40].map((size) => side(size)), [16, 16, 24, 48]);
  assert.deepEqual([8, 40].map((size) => side(size, { cells: null, detail })), [24, 48]);
  set.slots[0] = 0;
  assert.equal(side(8, { cells: null, detail }), undefined);
});

test("no more large pictures are drawn than are fetched for a view, whatever is there from another", () => {
  const camera = Camera.fromString("3d,0,0,0,3,0,0");
  const { renderer, set } = stage([[-0.4, 0, 0.5], [0.4, 0, 0]]);
  const own = { cell: 16, columns: 10, images: 1000, ranges: 1 };
  renderer.remove(set);
  renderer.add(set, own);
  renderer.known(set).cells.ranges[0] = new Int32Array(16 * 16 * 10).fill(pack(50, 50, 50));
  for (const slot of [0, 1]) renderer.putDetail(slot, new Int32Array(50 * 50).fill(pack(200, 0, 0)), 51, 50);
  for (const row of [0, 1]) set.slots[set.places[row]] = row + 1;
  const colours = (large) => {
    renderer.draw(frameOf(camera, set, { large, sizing: { unit: 40 * camera.distance, low: 2, high: 64 }, flat: true }));
    return [[-0.4, 0, 0.5], [0.4, 0, 0]].map((point) => seenBy(camera, point, VIEWPORT)).map(({ x, y }) => at(renderer.target, Math.floor(x), Math.floor(y)));
  };
  assert.deepEqual(colours(2), [[200, 0, 0], [200, 0, 0]]);
  assert.deepEqual(colours(1), [[200, 0, 0], [50, 50, 50]]);
});

test("many large pictures at rest are drawn in slices, shown when complete; while moving at once", (context) => {
  const camera = Camera.fromString("2d,0,0,3");
  const points = Array.from({ length: 60 }, (_, i) => [(i % 10) / 20 - 0.2, Math.floor(i / 10) / 20 - 0.1, 0]);
  const { renderer, set, shown } = stage(points);
  for (let slot = 0; slot < 60; slot += 1) renderer.putDetail(slot, new Int32Array(50 * 50).fill(pack(slot, 200, 3)), 51, 50);
  for (const place of set.slots.keys()) set.slots[place] = place + 1;
  let now = 0;
  context.mock.method(performance, "now", () => (now += 100)); // a slow machine
  const frame = (more) => frameOf(camera, set, { sizing: { unit: 200 * camera.distance, low: 2, high: 200 }, flat: true, ...more });
  assert.ok(renderer.draw(frame({ version: "moving", moving: true })).done);
  const [before, background] = [shown.pixels.slice(), pack(...COLOURS.background)];
  assert.ok(before.some((word) => word !== background));
  const resting = frame({ version: "resting" });
  let slices = 1;
  for (; !renderer.draw(resting).done; slices += 1) {
    assert.deepEqual(shown.pixels, before);
    assert.equal(renderer.hover(resting), false);
  }
  assert.ok(slices > 3);
  assert.equal(renderer.drawn.detail, 60);
  const whole = shown.pixels.slice();
  assert.notDeepEqual(whole, before);
  // Given up in the middle for another view, and begun again.
  renderer.draw(frame({ version: "again" }));
  renderer.draw(frame({ version: "moving", moving: true }));
  while (!renderer.draw(resting).done);
  assert.deepEqual(shown.pixels, whole);
});

test("an empty map is the background", () => {
  const { renderer, set, shown } = stage([]);
  assert.deepEqual([renderer.draw(frameOf(new Camera(), set)).done, renderer.drawn.drawn], [true, 0]);
  assert.ok(shown.pixels.every((word) => word === pack(...COLOURS.background)));
});

test("very many images have smaller cells, and beyond a bound none: memory is bounded", () => {
  const { renderer } = stage([]);
  assert.deepEqual([1000, 200_000, 1_000_000, 5_000_000].map((n) => renderer.overviewCell(n)), [16, 8, 8, 0]);
});
