// @ts-check
/** Colours of the map, from custom properties of the style sheet; they follow the page's theme. */

/** @typedef {import("../draw/frame.js").Colours} Colours */

const DARK = {
  background: "#0e1116", dot: "#8fb4ff", frame: "#0e1116", selected: "#ffffff", match: "#ffd54a", neighbour: "#5ce1e6", hover: "#ffffff",
  outline: "#ffffff",
};
const LIGHT = {
  background: "#f7f8fa", dot: "#2f6fd0", frame: "#ffffff", selected: "#111827", match: "#d97706", neighbour: "#0e7490", hover: "#111827",
  outline: "#111827",
};

/**
 * Colours by name: `--map-background`, `--map-dot`, `--map-frame`, `--map-selected`, `--map-match`, `--map-neighbour`,
 * `--map-hover` and `--map-outline` of the canvas, each with a default that suits the background.
 * @param {HTMLElement} canvas
 * @returns {Colours & {dot: number[], dark: boolean}}
 */
export function readTheme(canvas) {
  const style = getComputedStyle(canvas);
  const probe = canvas.ownerDocument.createElement("span");
  probe.hidden = true;
  (canvas.parentElement ?? document.body).append(probe);
  const given = (/** @type {string} */ name) => (style.getPropertyValue(`--map-${name}`).trim() ? resolved(probe, `var(--map-${name})`) : null);
  const background = given("background") ?? toBytes(schemeIsDark(canvas) ? DARK.background : LIGHT.background);
  const dark = luminance(background) < 0.4;
  /** @type {any} */
  const colours = { dark };
  for (const [name, value] of Object.entries(dark ? DARK : LIGHT)) colours[name] = given(name) ?? toBytes(value);
  probe.remove();
  return { ...colours, background };
}

/** Any notation of a colour, in the place where it is used. @param {HTMLElement} probe @param {string} value */
function resolved(probe, value) {
  probe.style.color = value;
  return toBytes(getComputedStyle(probe).color);
}

/** @type {OffscreenCanvasRenderingContext2D|null} */
let pixel = null;

/** @param {string} colour @returns {number[]} red, green, blue */
function toBytes(colour) {
  pixel ??= /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }));
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  return [...pixel.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** @param {HTMLElement} canvas */
function schemeIsDark(canvas) {
  const scheme = getComputedStyle(canvas).colorScheme;
  if (scheme.includes("dark") !== scheme.includes("light")) return scheme.includes("dark");
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** How bright a colour is, 0 to 1. @param {number[]} colour */
export function luminance([r, g, b]) {
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/**
 * Call when the theme may have changed: the system's scheme, or an attribute of the page's root.
 * @param {() => void} changed
 * @returns {() => void} stop
 */
export function watchTheme(changed) {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(changed);
  scheme.addEventListener("change", changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
  return () => {
    scheme.removeEventListener("change", changed);
    observer.disconnect();
  };
}
