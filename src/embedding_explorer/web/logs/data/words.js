// @ts-check
/** Texts of the API in the page's language. Pure functions. */
import { count, plural } from "../../ui/format.js";

const MADE = /^采样率: ([\d.]+), 声道: (\d+), 帧长度: (\d+)$/u;

/** The label that the API makes of a sound without one: rate, channels, frames. Others stay as they are. @param {string} label */
export function soundWords(label) {
  const found = MADE.exec(label);
  if (!found) return label;
  const [rate, channels, frames] = found.slice(1).map(Number);
  return `${count(rate)} Hz, ${plural(channels, "channel")}, ${plural(frames, "frame")}`;
}
