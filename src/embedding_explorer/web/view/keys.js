// @ts-check
/** The keyboard on the focused canvas. */

const TURN = Math.PI / 36;
const SHIFT = 40;
const ZOOM = 0.8;

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * What is told of the keys.
 * @typedef {object} Told
 * @property {(yaw: number, pitch: number) => void} orbit
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number) => void} zoom
 * @property {() => void} home
 * @property {(mode: "3d"|"2d") => void} setMode
 * @property {() => "3d"|"2d"} mode
 * @property {() => void} escape
 * @property {(event: KeyboardEvent) => void} pickCentre
 */

/** @param {HTMLCanvasElement} canvas @param {Told} view @returns {() => void} stop */
export function listenToKeys(canvas, view) {
  const keys = actions(view);
  const move = (/** @type {[number, number]} */ [dx, dy], /** @type {boolean} */ shift) => {
    if (shift || view.mode() === "2d") view.pan(-dx * SHIFT, -dy * SHIFT);
    else view.orbit(dx * TURN, -dy * TURN);
  };
  const handle = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (ARROWS[event.key]) move(ARROWS[event.key], event.shiftKey);
    else if (keys[event.key]) keys[event.key](event);
    else return;
    event.preventDefault();
  };
  canvas.addEventListener("keydown", handle);
  return () => canvas.removeEventListener("keydown", handle);
}

/** @param {Told} view @returns {Record<string, (event: KeyboardEvent) => void>} */
function actions(view) {
  return {
    "+": () => view.zoom(ZOOM),
    "=": () => view.zoom(ZOOM),
    "-": () => view.zoom(1 / ZOOM),
    0: () => view.home(),
    Home: () => view.home(),
    2: () => view.setMode("2d"),
    3: () => view.setMode("3d"),
    Escape: () => view.escape(),
    Enter: (event) => view.pickCentre(event),
  };
}
