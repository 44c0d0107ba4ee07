// @ts-check
/** Fields about the size of images, and a picture of what they do. */
import { debounced, el, fillIn } from "../../ui/dom.js";
import { bytes } from "../../ui/format.js";
import { post } from "../data/api.js";
import { choiceField, grid, numberField, section } from "./fields.js";
import { CHANNELS, RESIZE_MODES } from "./choices.js";

const WAIT = 250; // ms

/** Size, channels and mode of a classification dataset, with the sample picture. */
export function imageSection() {
  const width = numberField({ name: "resize_width", label: "Width", value: 256, min: 1 });
  const height = numberField({ name: "resize_height", label: "Height", value: 256, min: 1 });
  const channels = choiceField({ name: "resize_channels", label: "Colour", options: CHANNELS, value: "3" });
  const mode = choiceField({ name: "resize_mode", label: "Resize", options: RESIZE_MODES, value: "squash" });
  const encoding = choiceField({ name: "encoding", label: "Keep as", options: [{ value: "png", label: "PNG: exact" }, { value: "jpg", label: "JPEG: small" }, { value: "none", label: "Raw pixels: quick" }], value: "png" });
  const preview = resizePreview(() => ({
    width: width.input.value, height: height.input.value, channels: channels.input.value, resize_mode: mode.input.value, encoding: encoding.input.value, backend: "lmdb",
  }));
  for (const { input } of [width, height, channels, mode, encoding]) for (const kind of ["input", "change"]) input.addEventListener(kind, preview.draw);
  const presets = el("div", { class: "row wrap" }, [["28 × 28 gray", 28, "1"], ["32 × 32", 32, "3"], ["64 × 64", 64, "3"], ["256 × 256", 256, "3"]].map(([label, side, colour]) =>
    el("button", { type: "button", class: "chip", onclick: () => {
      width.input.value = height.input.value = String(side);
      channels.input.value = String(colour);
      preview.draw();
    } }, label)));
  preview.draw();
  return section("Images", el("div", { class: "beside" }, el("div", { class: "grow stack-3" }, presets, grid(width.element, height.element, channels.element, mode.element, encoding.element)), preview.element));
}

/** @param {() => Record<string, string>} values */
function resizePreview(values) {
  const element = el("figure", { class: "preview", testid: "resize-preview" });
  const words = el("figcaption", { class: "small muted", "aria-live": "polite" });
  const frame = el("div", { class: "preview-frame" });
  element.append(frame, words);
  const draw = debounced(async () => {
    const form = values();
    try {
      const { image, bytes: size } = await post("/datasets/images/resize-example.json", form);
      fillIn(frame, el("img", { src: image, alt: `The sample picture at ${form.width} × ${form.height}`, class: Number(form.width) < 130 ? "pixels" : null }));
      fillIn(words, `A picture of 480 × 320 becomes this: ${form.width} × ${form.height}, ${bytes(size)}`);
    } catch (error) {
      fillIn(frame);
      fillIn(words, /** @type {any} */ (error).fields ? Object.values(/** @type {any} */ (error).fields).flat().join(" ") : /** @type {Error} */ (error).message);
    }
  }, WAIT);
  return { element, draw };
}
