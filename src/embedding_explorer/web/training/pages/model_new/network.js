// @ts-check
/** The network of a new model: a standard one, that of a model before, a pretrained one, or one's own. */
import { debounced, el, fillIn, show } from "../../../ui/dom.js";
import { count, plural } from "../../../ui/format.js";
import { button } from "../../../ui/parts/controls.js";
import { post } from "../../data/api.js";
import { areaField, choiceField, section, setOptions, textField } from "../../ui/fields.js";
import { switcher } from "../../ui/form.js";

const WAIT = 400; // ms
const GENERIC = JSON.stringify({ name: "regression", loss: "mse", layers: [{ type: "scale", factor: 0.004 }, { type: "flatten" }, { type: "linear", out_features: 2 }] }, null, 2);
const HELP = "Layers as JSON or YAML, or a Caffe network. Start from a standard one: choose it above and press Customize.";

/**
 * @param {"classification"|"generic"} kind
 * @param {any} networks answer of `/models/networks.json`
 * @returns {{element: HTMLElement, fit: (data: {shape: number[], classes: number|null}|null) => void}}
 */
export function networkSection(kind, networks) {
  const types = { classification: "Image Classification Model", generic: "Generic Image Model" };
  const before = networks.previous.filter((/** @type {any} */ each) => !each.type || each.type === types[kind]);
  const layers = layerTable();
  let data = /** @type {any} */ (null);
  const standard = standardPanel(networks.standard);
  const previous = previousPanel(before);
  const pretrained = choiceField({ name: "pretrained_networks", label: "Pretrained model", options: networks.pretrained.map((/** @type {any} */ each) => ({ value: each.id, label: each.name })), help: networks.pretrained.length ? "Its weights are loaded where names and shapes fit." : "There is none yet: make one on a model's page, or upload one." });
  const text = areaField({ name: "custom_network", label: "Layers", rows: 16, help: HELP, value: kind === "generic" ? GENERIC : "" });
  const custom = [text.element, textField({ name: "custom_network_snapshot", label: "Weights to start from (optional)", help: "Path on the server of a .safetensors or .pt file." }).element];
  const customize = button("Customize: edit its layers", { kind: "small", testid: "customize", onclick: async () => {
    const source = chosen();
    if (!source) return;
    text.input.value = (await networkText(source)) ?? text.input.value;
    method.set("custom");
    text.input.focus();
  } });
  const chosen = () => ({ standard: standard.value(), previous: previous.value(), pretrained: pretrained.input.value, custom: "" })[method?.value() ?? "standard"];
  const describe = debounced(async () => {
    const own = method.value() === "custom";
    show(customize, !own && Boolean(chosen()));
    const definition = own ? text.input.value : chosen() ? await networkText(chosen()) : "";
    layers.describe(definition ?? "", data);
  }, WAIT);
  const choices = [
    { value: "standard", label: "Standard", panel: standard.element }, { value: "previous", label: "Model before", panel: previous.element },
    { value: "pretrained", label: "Pretrained", panel: pretrained.element }, { value: "custom", label: "My own", panel: custom },
  ].filter(({ value }) => kind === "classification" || value !== "standard");
  const method = switcher({ name: "method", label: "Where the network comes from", value: kind === "classification" ? "standard" : "custom", choices, onchange: () => describe() });
  const element = section("Network", method.element, el("div", { class: "row" }, customize), layers.element);
  for (const event of ["input", "change", "sync"]) element.addEventListener(event, describe, event === "sync");
  return { element, fit: (next) => ((data = next), describe()) };
}

/** @param {string} source standard network or id @returns {Promise<string|null>} */
async function networkText(source) {
  try {
    return (await post(`/models/customize?${new URLSearchParams({ network: source, framework: "pytorch" })}`)).network;
  } catch {
    return null; // the table says that there is nothing to tell
  }
}

/** Cards to choose from by arrow keys. @param {any[]} list */
function standardPanel(list) {
  const element = el("div", { class: "cards", role: "radiogroup", "aria-label": "Standard network", "data-field": "standard_networks" }, list.map((each, index) =>
    el("label", { class: "pick" }, el("input", { type: "radio", name: "standard_networks", value: each.id, checked: index === 0, testid: `network-${each.id}` }),
      el("span", null, el("strong", null, each.name), el("span", { class: "muted small block" }, `for ${each.intended}`)))));
  return { element, value: () => /** @type {any} */ (element.querySelector("input:checked"))?.value ?? "" };
}

/** @param {any[]} list */
function previousPanel(list) {
  const epochs = choiceField({ name: "", label: "Weights of", options: [] });
  const model = choiceField({ name: "previous_networks", label: "Model", options: list.map((each) => ({ value: each.id, label: each.name })), help: list.length ? "" : "There is no model yet." });
  const draw = () => {
    const found = list.find(({ id }) => id === model.input.value);
    epochs.input.name = found ? `${found.id}-snapshot` : "";
    setOptions(epochs.input, (found?.snapshots ?? []).map(([epoch, label]) => ({ value: String(epoch), label: epoch === 0 ? "None: fresh weights" : label })));
  };
  for (const kind of ["change", "sync"]) model.input.addEventListener(kind, draw);
  draw();
  return { element: el("div", { class: "form-grid" }, model.element, epochs.element), value: () => model.input.value };
}

/** The layers of a network with the sizes that they have for the dataset's pictures. */
function layerTable() {
  const words = el("summary", null, "Layers");
  const place = el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Layers of the network" });
  const element = el("details", { class: "layers", testid: "layers" }, words, place);
  let last = "";
  /** @param {string} text @param {any} data */
  const describe = async (text, data) => {
    const asked = JSON.stringify([text, data]);
    show(element, text.trim() !== "");
    if (asked === last || !text.trim()) return;
    last = asked;
    try {
      const { layers, total_parameters: total } = await post("/models/visualize-network.json?framework=pytorch", { custom_network: text, input_shape: data?.shape.join(","), classes: data?.classes });
      if (asked !== last) return;
      fillIn(words, `${plural(layers.length, "layer")}, ${count(total)} parameters`);
      const row = (/** @type {any} */ layer) => el("tr", null, el("th", { scope: "row" }, layer.name), el("td", null, layer.type), el("td", null, layer.output_shape.join(" × ")), el("td", { class: "number" }, layer.parameters ? count(layer.parameters) : ""));
      fillIn(place, el("table", { class: "table" }, el("thead", null, el("tr", null, ["Layer", "Type", "Output", "Parameters"].map((name, index) => el("th", { scope: "col", class: index === 3 ? "number" : null }, name)))), el("tbody", null, layers.map(row))));
    } catch (error) {
      const { fields, message } = /** @type {any} */ (error);
      fillIn(words, fields ? Object.values(fields).flat().join(" ") : message);
      fillIn(place);
    }
  };
  return { element, describe };
}
