// @ts-check
/** A file, chosen or dropped on its field. */
import { el, setText } from "../../ui/dom.js";
import { bytes } from "../../ui/format.js";
import { icon } from "../../ui/parts/icons.js";
import { fieldOf } from "./fields.js";

/**
 * @param {{name: string, label: string, prompt: string, accept?: string, help?: string, testid?: string, onchange?: (file: File|null) => void}} options
 * @returns {import("./fields.js").Field & {file: () => File|null}}
 */
export function fileField({ name, label, prompt, accept, help, testid = name, onchange }) {
  const input = el("input", { type: "file", name, accept, testid, class: "drop-input" });
  const field = fieldOf(input, { name, label, help });
  const words = el("span", { class: "grow ellipsis" }, prompt);
  const drop = el("div", { class: "drop-field" }, icon("upload"), words);
  input.replaceWith(drop);
  drop.append(input);
  const draw = () => {
    const file = input.files?.[0] ?? null;
    setText(words, file ? `${file.name} (${bytes(file.size)})` : prompt);
    drop.classList.toggle("chosen", file !== null);
    field.fail([]);
    onchange?.(file);
  };
  input.addEventListener("change", draw);
  for (const [kind, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(/** @type {string} */ (kind), () => drop.classList.toggle("over", Boolean(over)));
  }
  return { ...field, file: () => input.files?.[0] ?? null };
}

/** Whether an event of the window carries files. @param {DragEvent} event */
function carries(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** A file dropped beside a field must not replace the page. */
export function guardDrops() {
  for (const kind of ["dragover", "drop"]) {
    addEventListener(kind, (/** @type {any} */ event) => carries(event) && !event.target?.closest?.(".drop-field") && event.preventDefault());
  }
}
