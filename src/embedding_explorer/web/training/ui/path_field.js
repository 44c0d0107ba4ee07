// @ts-check
/** A path on the server, completed while it is typed: a combobox over a list of suggestions. */
import { debounced, el, fillIn, show, uniqueId } from "../../ui/dom.js";
import { get } from "../data/api.js";
import { textField } from "./fields.js";

const WAIT = 150; // ms
const SHOWN = 30;

/**
 * @param {{name: string, label: string, help?: string, placeholder?: string, value?: string}} options
 * @returns {import("./fields.js").Field}
 */
export function pathField(options) {
  const list = el("ul", { class: "suggestions", role: "listbox", id: uniqueId("paths"), hidden: true, "aria-label": "Paths on the server" });
  const field = textField({ ...options, role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": list.id });
  const input = /** @type {HTMLInputElement} */ (field.input);
  const holder = el("div", { class: "suggested" });
  input.replaceWith(holder);
  holder.append(input, list);
  /** @type {AbortController|null} */
  let asked = null;
  let at = -1;

  const close = () => {
    show(list, false);
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    at = -1;
  };
  const choose = (/** @type {string} */ path) => {
    input.value = path;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  };
  const draw = (/** @type {string[]} */ paths) => {
    at = -1;
    fillIn(list, paths.slice(0, SHOWN).map((path) => el("li", { role: "option", id: uniqueId("path"), "aria-selected": "false", onpointerdown: (event) => (event.preventDefault(), choose(`${path.replace(/\/$/, "")}/`)) }, path)));
    const open = paths.length > 0 && document.activeElement === input;
    show(list, open);
    input.setAttribute("aria-expanded", String(open));
  };
  const ask = debounced(async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const { suggestions } = await get(`/autocomplete/path?query=${encodeURIComponent(input.value)}`, asked.signal);
      draw(suggestions.filter((/** @type {string} */ path) => path !== input.value));
    } catch {
      close(); // suggestions are a help; without them a path is still typed
    }
  }, WAIT);
  const move = (/** @type {number} */ step) => {
    const items = [...list.children];
    if (!items.length || list.hidden) return false;
    at = (at + step + items.length) % items.length;
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    input.setAttribute("aria-activedescendant", items[at].id);
    items[at].scrollIntoView({ block: "nearest" });
    return true;
  };
  input.addEventListener("input", ask);
  input.addEventListener("focus", ask);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && move(step)) event.preventDefault();
    else if (event.key === "Escape" && !list.hidden) (event.preventDefault(), close());
    else if ((event.key === "Enter" || event.key === "Tab") && at >= 0 && !list.hidden) {
      if (event.key === "Enter") event.preventDefault();
      choose(`${list.children[at].textContent?.replace(/\/$/, "")}/`);
    }
  });
  return field;
}
