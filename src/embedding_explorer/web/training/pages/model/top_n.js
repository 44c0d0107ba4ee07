// @ts-check
/** The pictures that the model finds most typical of each class. */
import { el, fillIn } from "../../../ui/dom.js";
import { button, note } from "../../../ui/parts/controls.js";
import { post } from "../../data/api.js";
import { numberField } from "../../ui/fields.js";
import { listSource } from "../../ui/list_source.js";

/** @param {any} model @param {any} dataset @param {() => number|null} epoch */
export function topN(model, dataset, epoch) {
  const source = listSource(dataset);
  const each = numberField({ name: "top_n", label: "Pictures per class", value: 9, min: 1, max: 100, testid: "top_n" });
  const answer = el("div");
  const go = button("Find them", { testid: "top-n", onclick: async () => {
    go.disabled = true;
    fillIn(answer, el("p", { class: "muted", role: "status" }, "Looking through the pictures…"));
    try {
      const { form } = await source.values();
      const { results } = await post("/models/images/classification/top_n.json", { job_id: model.id, snapshot_epoch: epoch(), top_n: each.input.value, ...form });
      fillIn(answer, el("ul", { class: "typical" }, results.map((/** @type {any} */ { category, images, image }) => el("li", null, el("h3", null, category),
        el("img", { src: image, class: "pixels", alt: `The ${images.length} pictures most like ${category}, the surest ${images[0]?.confidence ?? 0} %` })))));
    } catch (error) {
      fillIn(answer, note(/** @type {Error} */ (error).message, "error"));
    } finally {
      go.disabled = false;
    }
  } });
  return { element: el("details", { class: "card padded" }, el("summary", null, "Most typical pictures of each class"), el("div", { class: "stack-3" }, source.element, el("div", { class: "form-grid" }, each.element), el("div", null, go), answer)) };
}
