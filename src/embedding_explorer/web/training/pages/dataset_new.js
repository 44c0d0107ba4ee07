// @ts-check
/** A new classification dataset: from a ZIP with class folders, folders on the server, lists, or a bucket. */
import { el } from "../../ui/dom.js";
import { stem } from "../../ui/format.js";
import { get } from "../data/api.js";
import { choiceField, grid, numberField, section, textField, tickField } from "../ui/fields.js";
import { fileField } from "../ui/file_field.js";
import { creationForm, fill, switcher } from "../ui/form.js";
import { imageSection } from "../ui/images.js";
import { pathField } from "../ui/path_field.js";
import { headline, showPage, tellError } from "../ui/shell.js";

const ACTION = "/datasets/images/classification.json";

/** @param {{query: URLSearchParams}} facts */
export async function open({ query }) {
  const name = textField({ name: "dataset_name", label: "Name", testid: "dataset_name" });
  const group = textField({ name: "group_name", label: "Group (optional)" });
  const archive = fileField({
    name: "archive", label: "Archive", testid: "archive", prompt: "Choose or drop a ZIP with one folder per class", accept: ".zip,.7z,.tar,.gz,.tgz,.bz2,.xz",
    help: "ZIP, 7z or tar. Each top folder is a class, its name the label. Pictures: PNG, JPEG, BMP.",
    onchange: (file) => file && !name.input.value && (name.input.value = stem(file.name)),
  });
  const method = switcher({
    name: "method", label: "Where the pictures come from", value: query.get("method") ?? "archive",
    choices: [
      { value: "archive", label: "ZIP from here", panel: [archive.element, splits("folder"), perClass("folder_train")] },
      { value: "folder", label: "Folder on the server", panel: folders() },
      { value: "textfile", label: "Lists", panel: lists() },
      { value: "s3", label: "S3 bucket", panel: bucket() },
    ],
  });
  const form = creationForm({
    action: ACTION, submit: "Create the dataset", testid: "dataset-form",
    children: [section("Pictures", method.element), imageSection(), section("Name", grid(name.element, group.element))],
    created: ({ id }) => location.assign(`/datasets/${id}`),
  });
  showPage(headline("New dataset of pictures with classes"), form);
  const clone = query.get("clone");
  if (clone) await fillFrom(form, clone);
}

/** @param {HTMLFormElement} form @param {string} id */
export async function fillFrom(form, id) {
  try {
    fill(form, (await get(`/clone/${id}.json`)).form);
  } catch (error) {
    tellError(error);
  }
}

/** How much goes to validation and test. @param {string} prefix */
function splits(prefix) {
  return grid(numberField({ name: `${prefix}_pct_val`, label: "For validation, %", value: 25, min: 0, max: 100, help: "Judges the model while it learns." }).element,
    numberField({ name: `${prefix}_pct_test`, label: "For test, %", value: 0, min: 0, max: 100, help: "Kept out until the end." }).element);
}

/** @param {string} prefix */
function perClass(prefix) {
  return grid(numberField({ name: `${prefix}_min_per_class`, label: "Least per class", value: 2, min: 1, help: "Classes with fewer are left out." }).element,
    numberField({ name: `${prefix}_max_per_class`, label: "Most per class", min: 1, help: "Blank: all." }).element);
}

function folders() {
  const own = (/** @type {string} */ set, /** @type {string} */ words) => {
    const panel = el("fieldset", { class: "panel stack-3", disabled: true, hidden: true, "aria-label": words },
      pathField({ name: `folder_${set}`, label: `Folder of ${words}` }).element, perClass(`folder_${set}`));
    const box = tickField({ name: `has_${set}_folder`, label: `A separate folder for ${words}`, onchange: (on) => ((panel.disabled = !on), (panel.hidden = !on)) });
    return [box.element, panel];
  };
  return [
    pathField({ name: "folder_train", label: "Folder", placeholder: "/data/…", help: "On the server, one folder per class in it. The list completes what you type." }).element,
    splits("folder"), perClass("folder_train"), ...own("val", "validation"), ...own("test", "test"),
  ];
}

function lists() {
  const FILES = [["train_images", "Training images"], ["val_images", "Validation images"], ["test_images", "Test images"], ["labels_file", "Labels"]];
  const panels = /** @type {HTMLFieldSetElement[][]} */ ([]);
  const row = ([id, label]) => {
    const help = id === "labels_file" ? "One label per line." : "One image per line: a path or address, a blank, the number of its class.";
    const sent = el("fieldset", { class: "panel", "aria-label": label }, fileField({ name: `textfile_${id}`, label, prompt: "Choose or drop a text file", accept: ".txt,.csv,text/plain", help }).element);
    const local = el("fieldset", { class: "panel", disabled: true, hidden: true, "aria-label": label }, pathField({ name: `textfile_local_${id}`, label, help }).element);
    panels.push([sent, local]);
    return [sent, local];
  };
  const folder = (/** @type {string} */ set) => pathField({ name: `textfile_${set}_folder`, label: "Folder of relative paths (optional)" }).element;
  const optional = (/** @type {string} */ set, /** @type {string} */ label, /** @type {any[]} */ content, /** @type {boolean} */ on) => {
    const panel = el("fieldset", { class: "panel stack-3", disabled: !on, hidden: !on, "aria-label": label }, content);
    return [tickField({ name: `textfile_use_${set}`, label, checked: on, onchange: (now) => ((panel.disabled = !now), (panel.hidden = !now)) }).element, panel];
  };
  const rows = FILES.map(row);
  const local = tickField({ name: "textfile_use_local_files", label: "The lists lie on the server", onchange: (on) => panels.forEach(([sent, own]) => {
    sent.disabled = sent.hidden = on;
    own.disabled = own.hidden = !on;
  }) });
  return [local.element, ...rows[0], folder("train"), ...optional("val", "A list for validation", [...rows[1], folder("val")], true), ...optional("test", "A list for test", [...rows[2], folder("test")], false), ...rows[3],
    choiceField({ name: "textfile_shuffle", label: "Order", options: [{ value: "1", label: "Shuffled" }, { value: "0", label: "As in the lists" }] }).element];
}

function bucket() {
  return [
    grid(textField({ name: "s3_endpoint_url", label: "Address of the service", placeholder: "https://…" }).element, textField({ name: "s3_bucket", label: "Bucket" }).element,
      textField({ name: "s3_path", label: "Path", help: "Above the class folders." }).element, textField({ name: "s3_accesskey", label: "Access key" }).element,
      textField({ name: "s3_secretkey", label: "Secret key", type: "password", help: "Kept only while the job runs." }).element),
    splits("s3"), perClass("s3_train"), tickField({ name: "s3_keepcopiesondisk", label: "Keep the downloaded pictures" }).element,
  ];
}
