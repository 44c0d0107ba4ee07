import assert from "node:assert/strict";
import { test } from "node:test";
import { categorical, categoryIndex, classIndex, CLASSES, continuous, css, NONE, numberIndex, oklch } from "../../src/embedding_explorer/web/core/palette.js";
import { allNear } from "./samples.mjs";

const THEMES = { dark: [18, 19, 22], light: [244, 244, 241] };
const colour = (palette, i) => [...palette.subarray(4 * i, 4 * i + 3)];
const apart = (a, b) => Math.hypot(...a.map((value, i) => value - b[i]));

/** Relative luminance as of WCAG 2. */
function luminance(bytes) {
  const [r, g, b] = bytes.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

test("OKLCH: published colours", () => {
  allNear(oklch(1, 0, 0), [255, 255, 255], 1);
  allNear(oklch(0, 0, 0), [0, 0, 0], 1);
  allNear(oklch(0.62796, 0.25768, 29.234), [255, 0, 0], 2);
  allNear(oklch(0.45201, 0.31321, 264.052), [0, 0, 255], 2);
  allNear(oklch(0.59987, 0, 0), [128, 128, 128], 1);
});

test("a colour that no screen has loses strength, not its hue", () => {
  const [r, g, b] = oklch(0.7, 0.4, 145);
  assert.ok(g > 150 && g > 1.5 * r && g > 1.5 * b);
});

for (const [theme, background] of Object.entries(THEMES)) {
  test(`classes differ from each other and from the background (${theme})`, () => {
    const palette = categorical(60, theme);
    const colours = Array.from({ length: 60 }, (_, i) => colour(palette, i));
    for (let i = 0; i < 60; i += 1) {
      assert.ok(contrast(colours[i], background) > (i < 10 ? 2.4 : 1.5), `${i}: ${colours[i]}`);
      for (let j = 0; j < i; j += 1) assert.ok(apart(colours[i], colours[j]) > (i < 10 ? 40 : 10), `${i} and ${j}: ${colours[i]} ${colours[j]}`);
    }
  });

  test(`a scale changes steadily and can be seen from end to end (${theme})`, () => {
    const palette = continuous(theme);
    const lights = Array.from({ length: 255 }, (_, i) => luminance(colour(palette, i)));
    for (let i = 1; i < 255; i += 1) {
      assert.ok(lights[i] > lights[i - 1] - 0.002);
      assert.ok(apart(colour(palette, i), colour(palette, i - 1)) < 6);
    }
    for (const end of [0, 254]) assert.ok(contrast(colour(palette, end), background) > 1.15);
  });

  test(`what has no class or value is grey, and everything is opaque (${theme})`, () => {
    for (const palette of [categorical(3, theme), continuous(theme)]) {
      assert.equal(palette.length, 1024);
      const grey = colour(palette, NONE);
      assert.ok(Math.max(...grey) - Math.min(...grey) < 25);
      for (let i = 3; i < 1024; i += 4) assert.equal(palette[i], 255);
    }
    assert.deepEqual(colour(categorical(3, theme), 3), colour(categorical(3, theme), NONE));
  });
}

test("the scale is viridis", () => {
  allNear(colour(continuous("light"), 0), [68, 1, 84], 6);
  allNear(colour(continuous("dark"), 254), [253, 231, 37], 6);
});

test("a class keeps its colour however many there are", () => {
  assert.deepEqual(categorical(3).subarray(0, 12), categorical(200).subarray(0, 12));
});

test("more classes than colours begin again, without the grey of none", () => {
  assert.equal(CLASSES, 255);
  assert.deepEqual([classIndex(0), classIndex(254), classIndex(255), classIndex(65_534)], [0, 254, 0, 65_534 % 255]);
  assert.deepEqual([...categoryIndex(Uint16Array.of(1, 0xffff, 256, 254))], [1, NONE, 1, 254]);
});

test("numbers are steps of their range; beyond it they are its ends, and none is none", () => {
  const index = numberIndex(Float32Array.of(-1, 3, 7, -5, 99, NaN, Infinity, -Infinity), [-1, 7]);
  assert.deepEqual([...index], [0, 127, 254, 0, 254, NONE, NONE, NONE]);
  assert.deepEqual([...numberIndex(Float32Array.of(4, 4), [4, 4])], [0, 0]);
});

test("a colour for style sheets", () => {
  assert.equal(css(categorical(1, "dark"), 0), "rgb(94 168 255)");
});
