// @ts-check
/** A pretrained model. */
import { el } from "../../ui/dom.js";
import { get } from "../data/api.js";
import { jobHead } from "../ui/job.js";
import { showPage } from "../ui/shell.js";

/** @param {{id: string}} facts */
export async function open({ id }) {
  const show = async () => head.update({ type: "Pretrained Model", ...(model = await get(`/pretrained_models/${id}.json`)) });
  const head = jobHead({ family: "pretrained_model", changed: () => void show() });
  let model = /** @type {any} */ (null);
  await show();
  const rows = [
    ["Framework", model.framework], ["Images", model.width ? `${model.width} × ${model.height}, ${String(model.image_type) === "1" ? "gray" : "colour"}` : ""], ["Resize", model.resize_mode],
    ["Labels", model.has_labels ? "yes" : "none"], ["Network", el("a", { href: `/files/${id}/${model["model file"]}` }, model["model file"])], ["Weights", model["snapshot file"]], ["On the server", el("code", { class: "path" }, model.directory)],
  ].filter(([, value]) => value);
  showPage(head.element, el("section", { class: "card padded", "aria-label": "Facts" }, el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", null, name), el("dd", null, value)]))),
    el("p", { class: "muted" }, "Choose it under “Pretrained” as the network of a ", el("a", { href: "/training?new=model" }, "new model"), "."));
}
