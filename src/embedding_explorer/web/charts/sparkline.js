// @ts-check
/** A line without axes, as high as a line of text. */
import { figure } from "../ui/format.js";
import { extentOf, scale } from "./scale.js";
import { pathOf } from "./series.js";
import { svg } from "./svg.js";

/**
 * @param {number[]} values
 * @param {{label: string, width?: number, height?: number}} options
 * @returns {SVGElement}
 */
export function sparkline(values, { label, width = 96, height = 24 }) {
  const extent = extentOf(values);
  const words = extent ? `${label}: from ${figure(values[0])} to ${figure(values[values.length - 1])}, least ${figure(extent.low)}` : `${label}: no values yet`;
  const root = svg("svg", { class: "sparkline", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words });
  if (!extent) return root;
  const toX = scale({ low: 0, high: Math.max(1, values.length - 1) }, [2, width - 4]);
  const toY = scale(extent.low < extent.high ? extent : { low: extent.low - 1, high: extent.high + 1 }, [height - 3, 3]);
  const points = /** @type {[number, number][]} */ (values.map((value, index) => [toX(index), toY(value)]));
  root.append(svg("path", { class: "sparkline-line", d: pathOf(points) }));
  const [x, y] = points[points.length - 1];
  root.append(svg("circle", { class: "sparkline-end", cx: x.toFixed(1), cy: y.toFixed(1), r: 2 }));
  return root;
}
