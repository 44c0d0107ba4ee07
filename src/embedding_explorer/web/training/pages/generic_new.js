// @ts-check
/** A new dataset for regression: drawn gradients, or pairs of pictures. */
import { el } from "../../ui/dom.js";
import { choiceField, grid, numberField, section, textField, tickField } from "../ui/fields.js";
import { creationForm } from "../ui/form.js";
import { pathField } from "../ui/path_field.js";
import { headline, showPage } from "../ui/shell.js";
import { fillFrom } from "./dataset_new.js";

const TITLES = { "image-gradients": "New dataset of gradients", "image-processing": "New dataset of image pairs" };
const ENCODINGS = [{ value: "png", label: "PNG" }, { value: "jpg", label: "JPEG" }, { value: "none", label: "Raw" }];

/** @param {{extension: string, query: URLSearchParams}} facts */
export async function open({ extension, query }) {
  const parts = { "image-gradients": gradients, "image-processing": pairs }[extension];
  if (!parts) return showPage(headline("Unknown kind of dataset"), el("p", null, "There are ", el("a", { href: "?new=generic-dataset&extension=image-gradients" }, "gradients"), " and ", el("a", { href: "?new=generic-dataset&extension=image-processing" }, "image pairs"), "."));
  const form = creationForm({
    action: `/datasets/generic/create/${extension}.json`, submit: "Create the dataset", testid: "generic-form",
    children: [...parts(), storage(), section("Name", grid(textField({ name: "dataset_name", label: "Name" }).element, textField({ name: "group_name", label: "Group (optional)" }).element))],
    created: ({ id }) => location.assign(`/datasets/${id}`),
  });
  showPage(headline(TITLES[extension]), form);
  const clone = query.get("clone");
  if (clone) await fillFrom(form, clone);
}

function gradients() {
  return [section("Gradients", el("p", { class: "muted" }, "Gray pictures whose brightness rises along a random slope; the two slopes are what a model learns to tell."), grid(
    numberField({ name: "train_image_count", label: "For training", value: 1000, min: 1 }).element, numberField({ name: "val_image_count", label: "For validation", value: 250, min: 0 }).element,
    numberField({ name: "test_image_count", label: "For test", value: 0, min: 0 }).element, numberField({ name: "image_width", label: "Width", value: 32, min: 1 }).element,
    numberField({ name: "image_height", label: "Height", value: 32, min: 1 }).element))];
}

function pairs() {
  const own = el("fieldset", { class: "panel stack-3", disabled: true, hidden: true, "aria-label": "Validation" },
    pathField({ name: "validation_feature_folder", label: "Folder of inputs for validation" }).element, pathField({ name: "validation_label_folder", label: "Folder of wanted outputs for validation" }).element);
  return [section("Pairs of pictures", el("p", { class: "muted" }, "Two folders on the server with files of the same names: what goes in, and what shall come out."),
    pathField({ name: "feature_folder", label: "Folder of inputs" }).element, pathField({ name: "label_folder", label: "Folder of wanted outputs" }).element,
    grid(numberField({ name: "folder_pct_val", label: "For validation, %", value: 10, min: 0, max: 100 }).element,
      choiceField({ name: "channel_conversion", label: "Colour", options: [{ value: "none", label: "As it is" }, { value: "RGB", label: "Colour" }, { value: "L", label: "Gray" }] }).element),
    tickField({ name: "has_val_folder", label: "Separate folders for validation", onchange: (on) => ((own.disabled = !on), (own.hidden = !on)) }).element, own)];
}

function storage() {
  return el("details", { class: "card form-section" }, el("summary", null, "How it is stored"), grid(
    choiceField({ name: "dsopts_feature_encoding", label: "Inputs as", options: ENCODINGS, value: "png" }).element, choiceField({ name: "dsopts_label_encoding", label: "Outputs as", options: ENCODINGS, value: "none" }).element,
    choiceField({ name: "dsopts_force_same_shape", label: "Sizes", options: [{ value: "1", label: "All the same" }, { value: "0", label: "Any" }] }).element));
}
