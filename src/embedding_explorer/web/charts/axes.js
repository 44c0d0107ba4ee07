// @ts-check
/** Ticks and figures of the three axes of scalars. Pure functions. */
import { ticks } from "./scale.js";
import { figure } from "../ui/format.js";

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 365 * DAY];

/**
 * Marks of an axis with their texts.
 * @param {import("../logs/data/series.js").Axis} axis
 * @param {{low: number, high: number}} extent
 * @param {number} most about how many
 * @returns {{at: number, text: string}[]}
 */
export function marksOf(axis, extent, most) {
  if (axis === "step") return ticks(extent, most).filter((at) => Number.isInteger(at) || extent.high - extent.low < 1).map((at) => ({ at, text: short(at) }));
  const step = clockStep(extent.high - extent.low, most);
  const shift = axis === "wall" ? new Date(extent.low * 1000).getTimezoneOffset() * -MINUTE : 0;
  const first = Math.ceil((extent.low + shift) / step) * step - shift;
  const found = [];
  for (let at = first; at <= extent.high + step * 1e-9; at += step) found.push({ at, text: axis === "wall" ? clock(at, step) : span(at) });
  return found.length ? found : [{ at: extent.low, text: axis === "wall" ? clock(extent.low, 1) : span(extent.low) }];
}

/** @param {number} range seconds @param {number} most */
function clockStep(range, most) {
  const rough = range / Math.max(1, most);
  if (rough < 1) return 10 ** Math.ceil(Math.log10(Math.max(rough, 1e-6)));
  return CLOCK_STEPS.find((step) => step >= rough) ?? Math.ceil(rough / (365 * DAY)) * 365 * DAY;
}

/** A value of an axis in words. @param {import("../logs/data/series.js").Axis} axis @param {number} value */
export function axisText(axis, value) {
  if (axis === "step") return `step ${figure(value)}`;
  return axis === "wall" ? moment(value) : span(value);
}

/** Seconds as "1.5 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". @param {number} seconds */
export function span(seconds) {
  const size = Math.abs(seconds);
  if (size < MINUTE) return `${figure(Number(seconds.toFixed(size < 10 ? 2 : 1)))} s`;
  if (size < HOUR) return joined(seconds, MINUTE, "min", 1, "s");
  if (size < DAY) return joined(seconds, HOUR, "h", MINUTE, "min");
  return joined(seconds, DAY, "d", HOUR, "h");
}

/** @param {number} seconds @param {number} large @param {string} unit @param {number} small @param {string} smallUnit */
function joined(seconds, large, unit, small, smallUnit) {
  const whole = Math.round(seconds / small) * small;
  const rest = Math.round((whole % large) / small);
  return `${Math.floor(whole / large)} ${unit}${rest ? ` ${rest} ${smallUnit}` : ""}`;
}

/** A wall time of a log as the reader's clock has it. @param {number} seconds since 1970 */
export function moment(seconds) {
  return new Date(seconds * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

/** @param {number} seconds @param {number} step */
function clock(seconds, step) {
  const date = new Date(seconds * 1000);
  if (step >= DAY) return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return date.toLocaleTimeString("en-GB", step < MINUTE ? { hour: "2-digit", minute: "2-digit", second: "2-digit" } : { hour: "2-digit", minute: "2-digit" });
}

/** Numbers of an axis. @param {number} value */
export function short(value) {
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e6 && Number.isInteger(value / 100)) return `${value / 1000}k`;
  if (size >= 1e6 && size < 1e9 && Number.isInteger(value / 1e4)) return `${value / 1e6}M`;
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1).replace("e+", "e").replace(".0e", "e") : figure(value);
}
