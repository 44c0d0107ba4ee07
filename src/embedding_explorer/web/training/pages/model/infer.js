// @ts-check
/** A regression model at work: a picture, made gradients, or a whole set of its dataset. */
import { el, fillIn, setText } from "../../../ui/dom.js";
import { count, figure } from "../../../ui/format.js";
import { button, note } from "../../../ui/parts/controls.js";
import { post } from "../../data/api.js";
import { tickField } from "../../ui/fields.js";
import { pictureDrop } from "../../ui/picture_drop.js";
import { layerList, looking } from "./layers.js";

const MOST_NUMBERS = 64;
const MOST_ROWS = 200;

/** @param {any} model @param {any} dataset @param {() => number|null} epoch */
export function infer(model, dataset, epoch) {
  const answer = el("div", { class: "stack-3", "aria-live": "polite", testid: "inferred" });
  const layers = el("div");
  const see = tickField({ name: "show_visualizations", label: "Show what its layers see" });
  const ask = (/** @type {string} */ path, /** @type {Record<string, any>} */ fields) => async () => {
    fillIn(answer, looking());
    try {
      const found = await post(`/models/images/generic/${path}.json`, { job_id: model.id, snapshot_epoch: epoch(), show_visualizations: see.input.checked ? "1" : null, ...(typeof fields === "function" ? fields() : fields) });
      fillIn(answer, outputs(found.outputs));
      fillIn(layers, found.visualizations && layerList(found));
    } catch (error) {
      fillIn(answer, note(/** @type {Error} */ (error).message, "error"));
    }
  };
  const one = () => (picture.values() ? ask("infer_one", /** @type {any} */ (picture.values()))() : fillIn(answer, note("Choose a picture first.", "warn")));
  const picture = pictureDrop({ onchange: one });
  const ways = [el("div", { class: "stack-3" }, picture.element, see.element, el("div", null, button("Ask the model", { kind: "primary", testid: "infer-one", onclick: one })))];
  if (dataset?.extension === "image-gradients") ways.push(gradients(ask));
  const sets = (dataset?.create_db_tasks ?? []).filter((/** @type {any} */ task) => task.feature_db_path);
  const whole = el("div", { class: "row wrap" }, sets.map((/** @type {any} */ task) => button(`All of ${task.stage.replace("_db", "")}`, { kind: "small", onclick: ask("infer_db", { db_path: `${dataset.directory}/${task.feature_db_path}`, show_visualizations: null }) })));
  return { element: el("section", { class: "card padded stack-3", "aria-label": "Use the model" }, el("h2", null, "Use the model"), el("div", { class: "halves" }, ways), whole, answer, layers) };
}

/** @param {(path: string, fields: any) => () => Promise<void>} ask */
function gradients(ask) {
  const slider = (/** @type {string} */ name, /** @type {string} */ label) => {
    const input = el("input", { type: "range", class: "slider", min: -0.5, max: 0.49, step: 0.01, value: "0.25", name });
    const shown = el("output", { class: "muted" }, "0.25");
    input.addEventListener("input", () => setText(shown, input.value));
    return { input, element: el("label", { class: "field" }, el("span", null, label, " ", shown), input) };
  };
  const [x, y] = [slider("gradient_x", "Slope to the right"), slider("gradient_y", "Slope downwards")];
  const go = button("Draw it and ask", { testid: "infer-gradient", onclick: ask("infer_extension", () => ({ gradient_x: x.input.value, gradient_y: y.input.value })) });
  return el("div", { class: "stack-3" }, el("h3", null, "A gradient"), x.element, y.element, el("div", null, go));
}

/** What came out: of one picture by output, of several by picture. @param {Record<string, any>} found */
function outputs(found) {
  const entries = Object.entries(found);
  const flat = entries.flatMap(([name, value]) => (value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value).map(([output, numbers]) => [`${name}: ${output}`, numbers]) : [[name, value]]));
  const row = ([name, value]) => el("tr", null, el("th", { scope: "row" }, name), el("td", { testid: "output" }, numbers(value)));
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Outputs" }, el("table", { class: "table" }, el("thead", null, el("tr", null, el("th", { scope: "col" }, "Output"), el("th", { scope: "col" }, "Values"))), el("tbody", null, flat.slice(0, MOST_ROWS).map(row))),
    flat.length > MOST_ROWS && el("p", { class: "small muted" }, `${count(flat.length - MOST_ROWS)} more`));
}

/** @param {any} value nested numbers */
function numbers(value) {
  const all = [value].flat(Infinity);
  return `${all.slice(0, MOST_NUMBERS).map((each) => (typeof each === "number" ? figure(each) : String(each))).join(", ")}${all.length > MOST_NUMBERS ? `, … ${count(all.length)} in all` : ""}`;
}
