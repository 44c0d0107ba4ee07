// @ts-check
/** Saying who one is. */
import { el } from "../../ui/dom.js";
import { button } from "../../ui/parts/controls.js";
import { following, isName, remember, RULE, userName } from "../data/user.js";
import { headline, showPage } from "../ui/shell.js";
import { nameField } from "../ui/who.js";

/** @param {{query: URLSearchParams}} facts */
export async function open({ query }) {
  const field = nameField(userName());
  const accept = () => {
    const name = field.input.value.trim();
    if (!isName(name)) return field.fail([RULE]);
    remember(name);
    location.assign(following(query.get("next")));
  };
  const send = button("Go on", { kind: "primary", testid: "login-yes" });
  send.type = "submit";
  const form = el("form", { class: "card narrow-card stack-3", novalidate: true, onsubmit: (event) => (event.preventDefault(), accept()) },
    field.element, el("p", { class: "muted small" }, "There is no password: a name says whose jobs are whose, and protects nothing. It is kept in a cookie of this browser."), el("div", null, send));
  showPage(headline("Who are you?"), form);
  field.input.focus();
}
