// @ts-check
/** Dialogs on the browser's own <dialog>: it keeps the focus inside, closes by Escape and gives the focus back. */
import { el, uniqueId } from "../dom.js";
import { returnFocus } from "../focus.js";
import { button } from "./controls.js";

/**
 * Open a dialog.
 * @param {{title: string, body: Node|Node[], actions?: Node[], kind?: string, testid?: string, onclose?: () => void}} options
 * @returns {{element: HTMLDialogElement, close: () => void}}
 */
export function openDialog({ title, body, actions = [], kind = "", testid, onclose }) {
  const id = uniqueId("dialog");
  const close = () => element.close();
  const element = el(
    "dialog",
    { class: `dialog ${kind}`.trim(), "aria-labelledby": id, testid },
    el("div", { class: "dialog-head" }, el("h2", { id }, title), button("Close", { icon: "close", kind: "quiet", only: true, onclick: close })),
    el("div", { class: "dialog-body", tabindex: 0, role: "group", "aria-label": title }, body),
    actions.length > 0 && el("div", { class: "dialog-actions" }, actions),
  );
  element.addEventListener("close", () => {
    element.remove();
    returnFocus(element); // what opened it may be gone
    onclose?.();
  });
  element.addEventListener("mousedown", (event) => event.target === element && close()); // the backdrop
  document.body.append(element);
  element.showModal();
  return { element, close };
}

/**
 * Ask before something is lost.
 * @param {{title: string, text: Node|string, action: string, testid?: string}} options
 * @returns {Promise<boolean>}
 */
export function confirmDialog({ title, text, action, testid = "confirm" }) {
  return new Promise((resolve) => {
    let answer = false;
    const decide = (value) => () => {
      answer = value;
      dialog.close();
    };
    const cancel = button("Keep it", { onclick: decide(false) });
    const sure = button(action, { kind: "danger", testid: `${testid}-yes`, onclick: decide(true) });
    const dialog = openDialog({ title, body: el("p", null, text), actions: [cancel, sure], kind: "narrow", testid, onclose: () => resolve(answer) });
    cancel.focus();
  });
}

/**
 * Ask for a line of text.
 * @param {{title: string, label: string, value?: string, action: string, most?: number}} options
 * @returns {Promise<string|null>} null when it was given up
 */
export function promptDialog({ title, label, value = "", action, most = 200 }) {
  return new Promise((resolve) => {
    /** @type {string|null} */
    let answer = null;
    const input = el("input", { class: "input", value, maxlength: most, testid: "prompt", autocomplete: "off" });
    const accept = () => {
      answer = input.value.trim() || null;
      dialog.close();
    };
    input.addEventListener("keydown", (event) => event.key === "Enter" && accept());
    const body = el("label", { class: "field" }, el("span", null, label), input);
    const actions = [button("Cancel", { onclick: () => dialog.close() }), button(action, { kind: "primary", onclick: accept, testid: "prompt-yes" })];
    const dialog = openDialog({ title, body, actions, kind: "narrow", onclose: () => resolve(answer) });
    input.focus();
    input.select();
  });
}
