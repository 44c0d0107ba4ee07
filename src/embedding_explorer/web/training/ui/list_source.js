// @ts-check
/** A list of images: one of the dataset's own sets, or a text file. */
import { el } from "../../ui/dom.js";
import { ApiError, errorOf } from "../data/api.js";
import { UNREACHABLE } from "../../data/api.js";
import { choiceField, grid, numberField } from "./fields.js";
import { fileField } from "./file_field.js";
import { pathField } from "./path_field.js";
import { switcher } from "./form.js";

const NAMES = { val: "Validation set", test: "Test set", train: "Training set" };

/**
 * @param {any} dataset detailed JSON; null when it is gone
 * @returns {{element: HTMLElement, values: () => Promise<{form: Record<string, any>, text: string, db: string|null}>}} raises ApiError
 */
export function listSource(dataset) {
  const sets = (dataset?.CreateDbTasks ?? []).map((/** @type {any} */ task) => /\((\w+)\)/.exec(task.name)?.[1]).filter(Boolean);
  const set = choiceField({ name: "", label: "Set", options: ["val", "test", "train"].filter((name) => sets.includes(name)).map((value) => ({ value, label: NAMES[value] })), testid: "list-set" });
  const file = fileField({ name: "image_list", label: "List", prompt: "Choose or drop a text file", accept: ".txt,.csv,text/plain", testid: "image_list", help: "One image per line: a path on the server or an address; a class number may follow." });
  const folder = pathField({ name: "image_folder", label: "Folder of relative paths (optional)" });
  const most = numberField({ name: "num_test_images", label: "At most so many", min: 1, placeholder: "all" });
  const way = switcher({ name: "way", label: "Which pictures", value: sets.length ? "set" : "file", testid: "list-way", choices: [
    ...(sets.length ? [{ value: "set", label: "Of the dataset", panel: set.element }] : []), { value: "file", label: "A list", panel: [file.element, folder.element] }] });
  const element = el("div", { class: "stack-3" }, way.element, grid(most.element));
  const values = async () => {
    const more = { num_test_images: most.input.value || null };
    if (way.value() === "set") {
      const text = await textOf(`/files/${dataset.id}/${set.input.value}.txt`);
      return { form: { image_list: new File([text], `${set.input.value}.txt`, { type: "text/plain" }), ...more }, text, db: set.input.value };
    }
    const list = file.file();
    if (!list) throw new ApiError("Choose a list of images first.", { status: 400 });
    return { form: { image_list: list, image_folder: folder.input.value || null, ...more }, text: await list.text(), db: null };
  };
  return { element, values };
}

/** @param {string} address */
async function textOf(address) {
  const response = await fetch(address).catch(() => {
    throw new ApiError(UNREACHABLE);
  });
  if (!response.ok) throw errorOf(response.status, await response.text());
  return response.text();
}
