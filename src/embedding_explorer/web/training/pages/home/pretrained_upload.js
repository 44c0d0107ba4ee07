// @ts-check
/** Uploading a pretrained model: an archive that this server or another gave, or its single files. */
import { el, fillIn, show } from "../../../ui/dom.js";
import { button, note, progressBar } from "../../../ui/parts/controls.js";
import { openDialog } from "../../../ui/parts/dialog.js";
import { upload } from "../../data/api.js";
import { CHANNELS, RESIZE_MODES } from "../../ui/choices.js";
import { choiceField, grid, numberField, textField } from "../../ui/fields.js";
import { fileField } from "../../ui/file_field.js";
import { refuse, switcher } from "../../ui/form.js";
import { tell } from "../../ui/shell.js";
import { named } from "../../ui/who.js";

/** @param {() => void} done */
export function openUpload(done) {
  const archive = fileField({ name: "archive", label: "Archive", prompt: "Choose or drop an archive", accept: ".zip,.tar,.gz,.tgz,.bz2,.xz", help: "As the page of a model gives it for download: weights, network, labels and info.json." });
  const files = [
    textField({ name: "job_name", label: "Name" }),
    fileField({ name: "weights_file", label: "Weights", prompt: "Choose or drop weights", accept: ".safetensors,.pt,.pth,.caffemodel", help: "safetensors, a PyTorch state dict, or Caffe weights." }).element,
    fileField({ name: "model_def_file", label: "Network", prompt: "Choose or drop its description", accept: ".json,.yaml,.yml,.prototxt", help: "A layer list (JSON, YAML), a standard network such as {\"standard\": \"lenet\"}, or a Caffe network." }).element,
    fileField({ name: "labels_file", label: "Labels (optional)", prompt: "Choose or drop a text file", accept: ".txt", help: "One label per line." }).element,
    grid(choiceField({ name: "framework", label: "Framework", options: [{ value: "pytorch", label: "PyTorch" }, { value: "caffe", label: "Caffe" }] }).element,
      choiceField({ name: "image_type", label: "Images", options: CHANNELS }).element,
      choiceField({ name: "resize_mode", label: "Resize", options: RESIZE_MODES }).element,
      numberField({ name: "width", label: "Width", value: 224, min: 1 }).element, numberField({ name: "height", label: "Height", value: 224, min: 1 }).element),
  ].map((each) => ("element" in each ? each.element : each));
  const way = switcher({ name: "way", label: "What to upload", value: "archive", choices: [{ value: "archive", label: "One archive", panel: archive.element }, { value: "files", label: "Single files", panel: files }] });
  const problems = el("div");
  const bar = progressBar({ label: "Upload" });
  show(bar.element, false);
  const form = el("form", { class: "stack-3", novalidate: true }, way.element, problems, bar.element);
  const send = button("Upload", { kind: "primary", testid: "upload-send", onclick: () => void submit() });
  form.addEventListener("submit", (event) => (event.preventDefault(), void submit()));
  const dialog = openDialog({ title: "Upload a pretrained model", body: form, actions: [button("Cancel", { onclick: () => dialog.close() }), send], testid: "pretrained-upload" });

  async function submit() {
    fillIn(problems);
    if (!(await named())) return;
    const data = new FormData(form);
    const path = way.value() === "archive" ? "/pretrained_models/upload_archive" : "/pretrained_models/new.json";
    if (way.value() === "archive" && !archive.file()) return archive.fail(["Choose an archive first."]);
    show(bar.element, true);
    send.disabled = true;
    try {
      await upload(path, data, (part) => bar.set(part < 1 ? part : null)).done;
      dialog.close();
      tell("The model is there; choose it as the network of a new model.");
      done();
    } catch (error) {
      fillIn(problems, note(/** @type {Error} */ (error).message, "error"));
      if (/** @type {any} */ (error).fields) refuse(form, problems, error, submit);
    } finally {
      send.disabled = false;
      show(bar.element, false);
    }
  }
}
