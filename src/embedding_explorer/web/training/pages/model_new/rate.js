// @ts-check
/** The learning rate and how it changes, with the curve of it as it is typed. */
import { LineChart } from "../../../charts/line_chart.js";
import { debounced, el, fillIn, show } from "../../../ui/dom.js";
import { call } from "../../data/api.js";
import { POLICIES, rateLines, values } from "../../data/sweep.js";
import { choiceField, grid, section, textField } from "../../ui/fields.js";

const WAIT = 200; // ms

/** @returns {{element: HTMLElement, rates: HTMLInputElement}} */
export function rateSection() {
  const rates = textField({ name: "learning_rate", label: "Learning rate", value: "0.01", inputmode: "decimal", help: "Several with commas make a model each." });
  const policy = choiceField({ name: "lr_policy", label: "Policy", options: Object.entries(POLICIES).map(([value, { label }]) => ({ value, label })), value: "step" });
  const panels = Object.entries(POLICIES).map(([name, { label, fields }]) => ({ name, panel: el("fieldset", { class: "panel form-grid", "aria-label": label }, fields.map(([field, value, text]) => textField({ name: field, label: text, value }).element)) }));
  const chart = new LineChart({ label: "Learning rate over the training", xLabel: "percent done", leftLabel: "rate", height: 190, controls: false, testid: "rate-curve" });
  const problem = el("p", { class: "field-error", role: "status" });
  let asked = /** @type {AbortController|null} */ (null);
  const draw = debounced(async () => {
    asked?.abort();
    asked = new AbortController();
    const form = new FormData();
    for (const input of /** @type {any} */ (element.querySelectorAll("input[name], select[name]"))) if (!input.matches(":disabled")) form.set(input.name, input.value);
    try {
      const { data } = await call("POST", "/models/visualize-lr", form, asked.signal);
      chart.update(rateLines(data.columns, values(rates.input.value)));
      fillIn(problem);
    } catch (error) {
      const { name, fields, message } = /** @type {any} */ (error);
      if (name !== "AbortError") fillIn(problem, fields ? Object.values(fields).flat().join(" ") : message);
    }
  }, WAIT);
  const choose = () => {
    for (const { name, panel } of panels) {
      panel.disabled = name !== policy.input.value;
      show(panel, !panel.disabled && panel.childElementCount > 0);
    }
    draw();
  };
  const element = section("Learning rate", el("div", { class: "beside" }, el("div", { class: "grow stack-3" }, grid(rates.element, policy.element), panels.map(({ panel }) => panel), problem), el("div", { class: "grow" }, chart.element)));
  element.addEventListener("input", draw);
  for (const kind of ["change", "sync"]) policy.input.addEventListener(kind, choose);
  rates.input.addEventListener("sync", draw);
  choose();
  return { element, rates: rates.input };
}
