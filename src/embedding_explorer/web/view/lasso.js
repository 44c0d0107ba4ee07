// @ts-check
/** The line that is drawn with the box and lasso tools, over the canvas. */

const SVG = "http://www.w3.org/2000/svg";
// Points closer than this to the last one say nothing new.
const STEP = 3;

export class Lasso {
  /** @param {HTMLCanvasElement} canvas @param {"box"|"lasso"} kind @param {number} x @param {number} y */
  constructor(canvas, kind, x, y) {
    this.kind = kind;
    /** Corners as x0, y0, x1, y1, … in CSS pixels of the canvas. */
    this.points = [x, y];
    const document = canvas.ownerDocument;
    this.svg = document.createElementNS(SVG, "svg");
    this.shape = document.createElementNS(SVG, "polygon");
    this.shape.setAttribute("class", "map-lasso");
    this.svg.append(this.shape);
    this.svg.setAttribute("aria-hidden", "true");
    place(this.svg, canvas);
    canvas.parentElement?.append(this.svg);
  }

  /** @param {number} x @param {number} y */
  extend(x, y) {
    const { points } = this;
    if (this.kind === "box") this.points = [points[0], points[1], x, points[1], x, y, points[0], y];
    else if (Math.hypot(x - points[points.length - 2], y - points[points.length - 1]) >= STEP) points.push(x, y);
    this.shape.setAttribute("points", this.points.join(" "));
  }

  /** The rectangle, for boxes. */
  get box() {
    const [left, top, right = left, , , bottom = top] = this.points;
    return { left: Math.min(left, right), top: Math.min(top, bottom), right: Math.max(left, right), bottom: Math.max(top, bottom) };
  }

  remove() {
    this.svg.remove();
  }
}

/** Exactly over the canvas. @param {SVGElement} svg @param {HTMLCanvasElement} canvas */
function place(svg, canvas) {
  Object.assign(svg.style, {
    position: "absolute",
    left: `${canvas.offsetLeft}px`,
    top: `${canvas.offsetTop}px`,
    width: `${canvas.clientWidth}px`,
    height: `${canvas.clientHeight}px`,
    pointerEvents: "none",
    overflow: "visible",
  });
  const shape = /** @type {SVGElement} */ (svg.firstChild);
  const colour = getComputedStyle(canvas).getPropertyValue("--map-lasso").trim() || "#4c8dff";
  Object.assign(shape.style, { fill: colour, fillOpacity: "0.14", stroke: colour, strokeWidth: "1.5px", strokeLinejoin: "round" });
}
