// @ts-check
/**
 * Colours. A palette is Uint8Array(256 * 4), RGBA by index; index NONE is what has no class or value.
 * Hues beyond the hand-picked ones are made in OKLCH (Ottosson, "A perceptual color space for image processing", 2020),
 * where equal numbers look equally bright.
 */

export const NONE = 255;
/** Classes beyond this many share colours. */
export const CLASSES = 255;
const NO_CLASS = 0xffff;
const GOLDEN_ANGLE = 137.50776405;

const PICKED = {
  dark: ["#5ea8ff", "#ffa24a", "#4fd39a", "#ff6f7d", "#b592ff", "#ffd94f", "#43d3e4", "#ff92d1", "#a9db59", "#d6a06c"],
  light: ["#1d6fd8", "#e0760b", "#0e9560", "#d6304c", "#7a4cd3", "#b58a00", "#0890a6", "#cb459d", "#649210", "#8a5a2c"],
};
const GREY = { dark: [122, 128, 140], light: [150, 155, 165] };
// Rings of generated colours: lightness and chroma, so that neighbours in hue still differ.
const RINGS = { dark: [[0.78, 0.13], [0.64, 0.16], [0.88, 0.09]], light: [[0.55, 0.16], [0.68, 0.14], [0.42, 0.12]] };

/**
 * Colours of any number of classes; more than CLASSES begin again.
 * @param {number} count
 * @param {"dark"|"light"} [theme] what lies behind them
 * @returns {Uint8Array}
 */
export function categorical(count, theme = "dark") {
  const palette = new Uint8Array(256 * 4);
  for (let i = 0; i < 255; i += 1) palette.set([...(i < count ? classColour(i, theme) : GREY[theme]), 255], 4 * i);
  palette.set([...GREY[theme], 255], 4 * NONE);
  return palette;
}

/** @param {number} i @param {"dark"|"light"} theme @returns {number[]} */
function classColour(i, theme) {
  const picked = PICKED[theme];
  if (i < picked.length) return [1, 3, 5].map((at) => parseInt(picked[i].slice(at, at + 2), 16));
  // Hues come back nearly after 21 classes, rings after 3: without the shift class 32 would look like class 11.
  const [lightness, chroma] = RINGS[theme][(i + Math.floor(i / 5)) % 3];
  return oklch(lightness, chroma, i * GOLDEN_ANGLE);
}

/**
 * A continuous scale, dark to bright (viridis, as polynomials of degree 6 by Matt Zucker, public domain).
 * @param {"dark"|"light"} [theme]
 * @returns {Uint8Array} indices 0 to 254 are the scale
 */
export function continuous(theme = "dark") {
  const palette = new Uint8Array(256 * 4);
  // The darkest tenth of the scale cannot be told from a dark background, nor the brightest from a light one.
  const [low, high] = theme === "dark" ? [0.14, 1] : [0, 0.92];
  for (let i = 0; i < 255; i += 1) palette.set([...viridis(low + ((high - low) * i) / 254), 255], 4 * i);
  palette.set([...GREY[theme], 255], 4 * NONE);
  return palette;
}

const VIRIDIS = [
  [0.2777273272234177, 0.005407344544966578, 0.3340998053353061],
  [0.1050930431085774, 1.404613529898575, 1.384590162594685],
  [-0.3308618287255563, 0.214847559468213, 0.09509516302823659],
  [-4.634230498983486, -5.799100973351585, -19.33244095627987],
  [6.228269936347081, 14.17993336680509, 56.69055260068105],
  [4.776384997670288, -13.74514537774601, -65.35303263337234],
  [-5.435455855934631, 4.645852612178535, 26.3124352495832],
];

/** @param {number} t 0 to 1 @returns {number[]} */
function viridis(t) {
  return [0, 1, 2].map((channel) => byte(VIRIDIS.reduceRight((sum, factors) => sum * t + factors[channel], 0)));
}

/**
 * Palette index of each image of a category column.
 * @param {Uint16Array} values 0xFFFF for none
 * @returns {Uint8Array}
 */
export function categoryIndex(values) {
  return Uint8Array.from(values, (value) => (value === NO_CLASS ? NONE : classIndex(value)));
}

/** Palette index of a class. @param {number} value */
export function classIndex(value) {
  return value % CLASSES;
}

/**
 * Palette index of each image of a numeric column.
 * @param {Float32Array} values
 * @param {[number, number]} range ends of the scale
 * @returns {Uint8Array} what is not a finite number has NONE
 */
export function numberIndex(values, [low, high]) {
  const factor = 254 / (high - low || 1);
  return Uint8Array.from(values, (value) => (Number.isFinite(value) ? Math.min(254, Math.max(0, Math.round((value - low) * factor))) : NONE));
}

/** A palette's colour for style sheets. @param {Uint8Array} palette @param {number} index */
export function css(palette, index) {
  return `rgb(${palette[4 * index]} ${palette[4 * index + 1]} ${palette[4 * index + 2]})`;
}

/**
 * OKLCH to sRGB; chroma is reduced until the colour exists on a screen.
 * @param {number} lightness 0 to 1
 * @param {number} chroma
 * @param {number} hue degrees
 * @returns {number[]} bytes
 */
export function oklch(lightness, chroma, hue) {
  for (let c = chroma; ; c -= 0.005) {
    const rgb = linear(lightness, c * Math.cos((hue * Math.PI) / 180), c * Math.sin((hue * Math.PI) / 180));
    if (c <= 0 || rgb.every((value) => value >= -1e-4 && value <= 1.0001)) return rgb.map((value) => byte(gamma(value)));
  }
}

/** @param {number} l @param {number} a @param {number} b @returns {number[]} */
function linear(l, a, b) {
  const [p, q, r] = [
    (l + 0.3963377774 * a + 0.2158037573 * b) ** 3,
    (l - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (l - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ];
  return [
    4.0767416621 * p - 3.3077115913 * q + 0.2309699292 * r,
    -1.2684380046 * p + 2.6097574011 * q - 0.3413193965 * r,
    -0.0041960863 * p - 0.7034186147 * q + 1.707614701 * r,
  ];
}

/** @param {number} value */
function gamma(value) {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
}

/** @param {number} value 0 to 1 */
function byte(value) {
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}
