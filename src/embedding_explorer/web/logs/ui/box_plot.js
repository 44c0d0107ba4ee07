// @ts-check
/** A box with whiskers, lying. */
import { scale, ticks } from "../../charts/scale.js";
import { svg } from "../../charts/svg.js";
import { short } from "../../charts/axes.js";
import { figure } from "../../ui/format.js";

const WIDTH = 320, HEIGHT = 92, SIDE = 20, MIDDLE = 34;

/** @param {import("../data/tensor.js").Quartiles} box @returns {SVGElement} */
export function boxPlot({ up, q3, q2, q1, down, least, most }) {
  const extent = most > least ? { low: least, high: most } : { low: least - 0.5, high: least + 0.5 };
  const x = scale(extent, [SIDE, WIDTH - SIDE]);
  const line = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ top, /** @type {number} */ bottom, kind = "box-line") => svg("line", { class: kind, x1: x(from), x2: x(to), y1: top, y2: bottom });
  const words = `Median ${figure(q2)}, quartiles ${figure(q1)} and ${figure(q3)}, whiskers ${figure(down)} and ${figure(up)}, least ${figure(least)}, greatest ${figure(most)}`;
  return svg("svg", { class: "box-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    line(down, q1, MIDDLE, MIDDLE), line(q3, up, MIDDLE, MIDDLE), line(down, down, MIDDLE - 9, MIDDLE + 9), line(up, up, MIDDLE - 9, MIDDLE + 9),
    svg("rect", { class: "box-body", x: x(q1), y: MIDDLE - 18, width: Math.max(1, x(q3) - x(q1)), height: 36 }), line(q2, q2, MIDDLE - 18, MIDDLE + 18, "box-median"),
    ...[least, most].map((value) => svg("circle", { class: "box-end", cx: x(value), cy: MIDDLE, r: 3 })),
    ...ticks(extent, 5).flatMap((value) => [svg("line", { class: "chart-mark", x1: x(value), x2: x(value), y1: 64, y2: 69 }), svg("text", { class: "chart-tick", x: x(value), y: 82, "text-anchor": "middle" }, short(value))]));
}
