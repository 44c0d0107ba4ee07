// @ts-check
/** What a point of an embedding stands for: a picture, a sound or a text. */
import { el, fillIn } from "../../ui/dom.js";
import { LogError } from "../data/api.js";

const MOST = 5000; // characters

export function sampleView() {
  const element = el("div", { class: "stack", "aria-live": "polite", testid: "sample" });
  let turn = 0;
  /** @param {number} row @param {string|number|undefined} label @param {string} kind @param {string} url */
  const show = async (row, label, kind, url) => {
    const mine = (turn += 1);
    if (row < 0) return fillIn(element);
    const head = el("p", null, el("strong", null, `Point ${row}`), label === undefined ? null : ` · ${label}`);
    if (kind === "image") return fillIn(element, head, el("img", { class: "cloud-sample", src: url, alt: `Sample ${row}${label === undefined ? "" : `, ${label}`}` }));
    if (kind === "audio") return fillIn(element, head, el("audio", { controls: true, src: url, "aria-label": `Sample ${row}` }));
    fillIn(element, head);
    if (kind !== "text") return undefined;
    const text = await fetchText(url);
    if (mine === turn) element.append(el("pre", { class: "log-text", tabindex: 0 }, text.slice(0, MOST)));
    return undefined;
  };
  return { element, show };
}

/** @param {string} url */
async function fetchText(url) {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new LogError(`The server answered ${response.status}.`);
  return response.text();
}
