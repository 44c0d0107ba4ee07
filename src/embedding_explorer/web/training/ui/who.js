// @ts-check
/** Asking who somebody is, where it matters and not before. */
import { el, setText } from "../../ui/dom.js";
import { button } from "../../ui/parts/controls.js";
import { openDialog } from "../../ui/parts/dialog.js";
import { isName, remember, RULE, userName } from "../data/user.js";
import { textField } from "./fields.js";

/**
 * The name of who uses this page, asked for where it is not known.
 * @param {string} [reason] why it is asked for
 * @returns {Promise<string>} empty when it was given up
 */
export async function named(reason = "Whatever is made or changed here belongs to a name.") {
  return userName() || askName(reason);
}

/** @param {string} reason @returns {Promise<string>} */
export function askName(reason) {
  return new Promise((resolve) => {
    let answer = "";
    const field = nameField(userName());
    const accept = () => {
      const name = field.input.value.trim();
      if (!isName(name)) return field.fail([RULE]);
      answer = name;
      remember(name);
      dialog.close();
    };
    field.input.addEventListener("keydown", (event) => event.key === "Enter" && accept());
    const body = el("div", { class: "stack-3" }, el("p", null, reason), field.element, el("p", { class: "muted small" }, "There is no password: a name says whose jobs are whose, and protects nothing."));
    const actions = [button("Cancel", { onclick: () => dialog.close() }), button("Go on", { kind: "primary", onclick: accept, testid: "name-yes" })];
    const dialog = openDialog({ title: "Who are you?", body, actions, kind: "narrow", testid: "who", onclose: () => resolve(answer) });
    field.input.focus();
  });
}

/** @param {string} value */
export function nameField(value = "") {
  return textField({ name: "username", label: "Your name", value, help: RULE, autocomplete: "username", testid: "username" });
}

/** A line that says who one is, and changes it. */
export function userButton() {
  const node = button("Log in", { kind: "quiet", testid: "user", onclick: () => void askName("Jobs that you make belong to this name, and only it may change them.") });
  const draw = () => {
    const name = userName();
    setText(node, name || "Log in");
    node.title = name ? `You are ${name}. Change it` : "Say who you are";
  };
  addEventListener("username", draw);
  draw();
  return node;
}
