// @ts-check
/** One picture: what the model takes it for, and what its layers make of it. */
import { barList } from "../../../charts/bars.js";
import { el, fillIn } from "../../../ui/dom.js";
import { button, note } from "../../../ui/parts/controls.js";
import { post } from "../../data/api.js";
import { tickField } from "../../ui/fields.js";
import { pictureDrop } from "../../ui/picture_drop.js";
import { layerList, looking } from "./layers.js";

/** @param {any} model @param {() => number|null} epoch */
export function classifyOne(model, epoch) {
  const answer = el("div", { class: "grow stack-3", "aria-live": "polite", testid: "classified" });
  const layers = el("div", { testid: "layer-list" });
  const see = tickField({ name: "show_visualizations", label: "Show what its layers see" });
  const run = async () => {
    const given = picture.values();
    if (!given) return void fillIn(answer, note("Choose a picture first.", "warn"));
    go.disabled = true;
    fillIn(layers);
    fillIn(answer, looking());
    try {
      const found = await post("/models/images/classification/classify_one.json", { job_id: model.id, snapshot_epoch: epoch(), show_visualizations: see.input.checked ? "1" : null, ...given });
      fillIn(answer, verdict(found.predictions));
      if (found.visualizations) fillIn(layers, layerList(found));
    } catch (error) {
      fillIn(answer, note(/** @type {Error} */ (error).message, "error"));
    } finally {
      go.disabled = false;
    }
  };
  const picture = pictureDrop({ onchange: run });
  const go = button("Classify", { kind: "primary", testid: "classify-one", onclick: run });
  see.input.addEventListener("change", () => picture.values() && run());
  const element = el("section", { class: "card padded stack-3", "aria-label": "Classify one picture" }, el("h2", null, "Classify a picture"),
    el("div", { class: "beside" }, el("div", { class: "grow stack-3" }, picture.element, see.element, el("div", null, go)), answer), layers);
  return { element };
}

/** @param {[string, number][]} predictions */
function verdict(predictions) {
  const [[label, confidence]] = predictions;
  return [el("p", { class: "verdict" }, el("strong", { testid: "verdict" }, label), el("span", { class: "muted" }, ` ${confidence.toFixed(1)} % sure`)),
    barList(predictions.map(([name, value]) => ({ label: name, value, text: `${value.toFixed(2)} %` })), { label: "Best classes", most: 100, testid: "top5" })];
}
