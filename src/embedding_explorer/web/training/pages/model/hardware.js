// @ts-check
/** What a training runs on, in a line. */
import { setText, show } from "../../../ui/dom.js";
import { bytes } from "../../../ui/format.js";

/** @param {any} hardware as `/gpus.json` has it, or null @returns {string} */
export function hardwareWords(hardware) {
  if (!hardware) return "";
  const percent = (/** @type {number|null} */ value) => (value === null || value === undefined ? null : `${Math.round(value)} %`);
  const gpu = (/** @type {any} */ each) => [each.name, percent(each.utilization), each.memory_used !== null && each.memory_total ? `${bytes(each.memory_used)} of ${bytes(each.memory_total)}` : null, each.temperature !== null && each.temperature !== undefined ? `${each.temperature} °C` : null].filter(Boolean).join(", ");
  const { cpu_pct: busy, mem_used: used } = hardware.cpu ?? {};
  const cpu = [percent(busy ?? null), used ? `${bytes(used)} of memory` : null].filter(Boolean).join(", ");
  return [...(hardware.gpus ?? []).map(gpu), cpu && `Processor: ${cpu}`].filter(Boolean).join(" · ");
}

/** @param {HTMLElement} place @param {any} hardware */
export function hardwareLine(place, hardware) {
  const words = hardwareWords(hardware);
  show(place, words !== "");
  setText(place, words);
}
