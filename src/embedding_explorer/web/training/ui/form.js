// @ts-check
/** Forms that create jobs: filled from a clone, sent with their files, refused field by field. */
import { el, fillIn, show } from "../../ui/dom.js";
import { button, note, progressBar, segmented } from "../../ui/parts/controls.js";
import { ApiError, upload } from "../data/api.js";
import { isName, remember, RULE, userName } from "../data/user.js";
import { fields } from "./fields.js";
import { nameField } from "./who.js";

const FALSE = new Set(["", "0", "false", "no", "off"]);

/**
 * One of several groups of fields, chosen by a segmented control; only the fields of the chosen one are sent.
 * @param {{name: string, label: string, choices: {value: string, label: string, panel: Node|Node[]|null}[], value: string, onchange?: (value: string) => void, testid?: string}} options
 * @returns {{element: HTMLElement, set: (value: string) => void, value: () => string}}
 */
export function switcher({ name, label, choices, value, onchange, testid = name }) {
  const input = el("input", { type: "hidden", name });
  const panels = choices.map((choice) => el("fieldset", { class: "panel stack-3", "aria-label": choice.label }, choice.panel ?? []));
  const set = (/** @type {string} */ next) => {
    if (!choices.some((choice) => choice.value === next)) return;
    input.value = next;
    control.set(next);
    panels.forEach((panel, index) => {
      panel.disabled = choices[index].value !== next;
      show(panel, choices[index].value === next && panel.childElementCount > 0);
    });
    onchange?.(next);
  };
  const control = segmented({ label, choices: choices.map((each) => ({ value: each.value, label: each.label, testid: `${testid}-${each.value}` })), onchange: set });
  control.element.classList.add("wrap");
  input.addEventListener("sync", () => set(input.value));
  set(value);
  return { element: el("div", { class: "stack-3", "data-field": name }, input, control.element, panels), set, value: () => input.value };
}

/**
 * A form that creates jobs. `children` are its sections.
 * @param {{action: string, submit: string, children: any[], created: (answer: any) => void, prepare?: (form: FormData) => void, testid?: string}} options
 * @returns {HTMLFormElement}
 */
export function creationForm({ action, submit, children, created, prepare, testid }) {
  const problems = el("div", { class: "stack", testid: "form-problems" });
  const who = nameField();
  const bar = progressBar({ label: "Upload", testid: "form-progress" });
  const state = el("p", { class: "small muted", role: "status" });
  const send = button(submit, { kind: "primary", testid: "create" });
  send.type = "submit";
  const sending = el("div", { class: "grow stack" }, bar.element, state);
  show(sending, false);
  show(who.element, !userName());
  who.input.disabled = Boolean(userName());
  const form = el("form", { class: "creation stack-3", novalidate: true, testid, onsubmit: (event) => (event.preventDefault(), void submitIt()) },
    children, el("div", { class: "card form-foot" }, problems, who.element, el("div", { class: "row wrap" }, send, sending)));
  addEventListener("username", () => {
    show(who.element, !userName());
    who.input.disabled = Boolean(userName());
  });

  async function submitIt() {
    fillIn(problems);
    clearErrors(form);
    if (!userName() && !takeName(who)) return;
    const data = new FormData(form);
    data.delete("username");
    prepare?.(data);
    send.disabled = true;
    show(sending, true);
    bar.set(null);
    try {
      const sent = upload(action, data, (part) => {
        bar.set(part < 1 ? part : null);
        state.textContent = part < 1 ? `Sending: ${Math.round(100 * part)} %` : "The server is looking at it";
      });
      created(await sent.done);
    } catch (error) {
      refuse(form, problems, error, submitIt);
    } finally {
      send.disabled = false;
      show(sending, false);
    }
  }
  return form;
}

/** @param {import("./fields.js").Field} who */
function takeName(who) {
  const name = who.input.value.trim();
  if (isName(name)) {
    remember(name);
    return true;
  }
  who.fail([name ? RULE : `Say who you are: the job will belong to this name. ${RULE}`]);
  who.input.focus();
  return false;
}

/** @param {HTMLElement} form */
function clearErrors(form) {
  for (const element of form.querySelectorAll("[data-field]")) fields.get(element)?.fail([]);
}

/**
 * Put what is wrong with each field beside it; what has no place goes above the button.
 * @param {HTMLElement} form @param {HTMLElement} problems @param {any} error @param {() => void} again
 */
export function refuse(form, problems, error, again) {
  if (!(error instanceof ApiError)) throw error;
  if (!error.fields) return void fillIn(problems, note(error.message, "error"), error.later && button("Try again", { kind: "small", onclick: again }));
  const left = [];
  /** @type {HTMLElement|null} */
  let first = null;
  for (const [name, reasons] of Object.entries(error.fields)) {
    const places = [...form.querySelectorAll(`[data-field="${CSS.escape(name)}"]`)].filter((each) => each.closest("fieldset:disabled") === null);
    const field = places.map((place) => fields.get(place)).find(Boolean);
    if (!field) left.push(`${name}: ${reasons.join(" ")}`);
    else {
      field.fail(reasons);
      openDetails(field.element);
      if (!first) first = field.input;
    }
  }
  fillIn(problems, note(left.length ? left.join(" ") : error.message, "error"));
  first?.focus();
}

/** @param {HTMLElement} element */
function openDetails(element) {
  const details = element.closest("details");
  if (details) details.open = true;
}

/**
 * Fill a form from what another job was made with.
 * @param {HTMLFormElement} form
 * @param {Record<string, string|string[]>} values
 */
export function fill(form, values) {
  // Fields that choose groups come first: the others may lie in a group that is not chosen yet.
  for (const pass of ["hidden", "other"]) {
    for (const control of /** @type {any[]} */ ([...form.elements])) {
      if (!control.name || control.type === "file" || control.name === "username") continue;
      if ((control.type === "hidden") !== (pass === "hidden")) continue;
      put(control, values[control.name]);
    }
  }
}

/** @param {any} control @param {string|string[]|undefined} value */
function put(control, value) {
  const given = Array.isArray(value) ? value[0] : value;
  if (control.type === "checkbox") control.checked = given !== undefined && !FALSE.has(given.toLowerCase());
  else if (given !== undefined) control.value = given;
  else return;
  control.dispatchEvent(new Event("sync"));
  control.dispatchEvent(new Event("change"));
}
