// @ts-check
/** A place for a picture: dropped, chosen or pasted, or named by its path on the server. */
import { el, fillIn } from "../../ui/dom.js";
import { fileField } from "./file_field.js";
import { pathField } from "./path_field.js";

/**
 * @param {{onchange: () => void}} options called when another picture was given
 * @returns {{element: HTMLElement, values: () => Record<string, any>|null}} `values`: fields of the request, null without a picture
 */
export function pictureDrop({ onchange }) {
  const preview = el("div", { class: "picture-preview" });
  let shown = "";
  const file = fileField({ name: "image_file", label: "Picture", prompt: "Choose or drop a picture", accept: "image/*", testid: "image_file", onchange: (picture) => {
    if (shown) URL.revokeObjectURL(shown);
    shown = picture ? URL.createObjectURL(picture) : "";
    fillIn(preview, shown && el("img", { src: shown, alt: picture?.name ?? "" }));
    if (picture) onchange();
  } });
  const path = pathField({ name: "image_path", label: "Or a path on the server" });
  const element = el("div", { class: "stack-3" }, file.element, preview, path.element);
  const values = () => {
    if (path.input.value.trim()) return { image_path: path.input.value.trim() };
    return file.file() ? { image_file: file.file() } : null;
  };
  return { element, values };
}
