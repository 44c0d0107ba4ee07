// @ts-check
/** The snapshots of a model: one is chosen for what is done with the model; each can be taken away or be kept. */
import { el, setText, show } from "../../../ui/dom.js";
import { button } from "../../../ui/parts/controls.js";
import { icon } from "../../../ui/parts/icons.js";
import { post } from "../../data/api.js";
import { act } from "../../ui/actions.js";
import { choiceField, setOptions } from "../../ui/fields.js";
import { tell } from "../../ui/shell.js";

const FORMATS = ["tar.gz", "zip", "tar", "tar.bz2"];

/**
 * @param {string} id of the model
 * @returns {{element: HTMLElement, update: (list: [number, string][]) => void, epoch: () => number|null}} `epoch`: null for the last
 */
export function snapshots(id) {
  const words = el("p", { class: "muted small", role: "status", testid: "snapshots" });
  const epoch = choiceField({ name: "", label: "Epoch", options: [], testid: "epoch", help: "Also for what is classified below." });
  const format = choiceField({ name: "", label: "As", options: FORMATS.map((value) => ({ value, label: `.${value}` })), testid: "format" });
  const download = el("a", { class: "button", "data-testid": "download" }, icon("download"), "Download");
  const keep = button("Make pretrained", { icon: "save", testid: "make-pretrained", onclick: () => act(async () => {
    const { id: made } = await post(`/models/${id}/to_pretrained.json?${new URLSearchParams({ epoch: epoch.input.value })}`);
    tell("It is a pretrained model now; other models may begin with it.", { action: { label: "Show it", run: () => location.assign(`/pretrained_models/${made}`) } });
  }) });
  const point = () => (download.href = `/models/${id}/download.${format.input.value}?${new URLSearchParams({ epoch: epoch.input.value })}`);
  for (const { input } of [epoch, format]) input.addEventListener("change", point);
  const tools = el("div", { class: "stack-3" }, el("div", { class: "form-grid" }, epoch.element, format.element), el("div", { class: "row wrap" }, download, keep));
  const element = el("section", { class: "card padded stack-3", "aria-label": "Snapshots" }, el("h2", null, "Snapshots"), words, tools);
  show(tools, false);
  let shown = -1;
  const update = (/** @type {[number, string][]} */ list) => {
    show(tools, list.length > 0);
    if (list.length === shown) return;
    const followed = shown <= 0 || epoch.input.selectedIndex === 0; // whoever looks at the last one goes on to do so
    const chosen = followed ? String(list[0]?.[0]) : epoch.input.value;
    shown = list.length;
    setText(words, list.length ? `${list.length} of them, the last of epoch ${list[0][0]}` : "None yet; each is written at the end of its epoch.");
    setOptions(epoch.input, list.map(([value, label]) => ({ value: String(value), label })), chosen);
    point();
  };
  return { element, update, epoch: () => (epoch.input.value ? Number(epoch.input.value) : null) };
}
