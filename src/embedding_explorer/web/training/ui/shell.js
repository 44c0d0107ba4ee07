// @ts-check
/** What all training pages have: the bar, messages, the place of the page's content. */
import { el, fillIn } from "../../ui/dom.js";
import { note } from "../../ui/parts/controls.js";
import { pages } from "../../ui/parts/pages.js";
import { themeButton } from "../../ui/parts/theme_button.js";
import { Toasts } from "../../ui/parts/toasts.js";
import { ApiError } from "../data/api.js";
import { guardDrops } from "./file_field.js";
import { askName, userButton } from "./who.js";

const toasts = new Toasts();

/** Build the bar around what the server sent. @param {HTMLElement} main */
export function buildShell(main) {
  document.body.classList.add("training");
  for (const nav of document.querySelectorAll("body > nav, body > header")) nav.remove();
  const bar = el("header", { class: "bar" },
    el("a", { class: "brand", href: "/training", title: "Training" }, el("img", { src: "/web/icon.svg", alt: "", width: 26, height: 26 }), el("span", { class: "brand-name" }, "Embedding Explorer")),
    pages(), el("div", { class: "bar-actions" }, userButton(), themeButton()));
  main.before(el("a", { class: "skip", href: "#app" }, "Skip to the content"), bar);
  main.tabIndex = -1;
  document.body.append(toasts.element);
  guardDrops();
}

/** Replace the content. @param {...any} children */
export function showPage(...children) {
  fillIn(/** @type {Element} */ (document.getElementById("app")), ...children);
}

/** The top of a page. @param {string} title @param {any} [actions] @param {any} [back] */
export function headline(title, actions, back) {
  document.title = `${title} · Training`;
  return el("div", { class: "headline-row row wrap" }, back ?? null, el("h1", { class: "grow" }, title), actions ?? null);
}

/** @param {string} text @param {any} [options] */
export function tell(text, options) {
  toasts.show(text, options);
}

/**
 * Show what went wrong with an action, and the way out where there is one.
 * @param {any} error
 * @param {() => void} [again] do it once more
 */
export function tellError(error, again) {
  if (error?.name === "AbortError") return;
  if (!(error instanceof ApiError)) throw error;
  const named = async () => (await askName(error.message)) && again?.();
  const action = error.needsName && again ? { label: "Say who", run: () => void named() } : error.later && again ? { label: "Try again", run: again } : undefined;
  tell(error.fields ? Object.values(error.fields).flat().join(" ") : error.message, { level: "error", action });
}

/** In the place of a page that cannot be shown. @param {any} error */
export function unusable(error) {
  showPage(el("h1", null, "This cannot be shown"), note(error instanceof ApiError ? error.message : `The page has a fault: ${error?.message ?? error}. Reload it.`, "error"), el("p", null, el("a", { href: "/training" }, "All datasets and models")));
}
