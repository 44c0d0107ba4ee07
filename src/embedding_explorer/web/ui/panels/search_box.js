// @ts-check
/** The search field: by file name as one types, by a picture that is chosen, dropped or pasted. */
import { debounced, el, show } from "../dom.js";
import { button } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { clearSearch, searchPicture, searchText } from "../state/searching.js";

const PAUSE = 220; // ms without a key before the server is asked

/** @param {import("../state/initial.js").App} app @returns {HTMLElement} */
export function searchBox(app) {
  const input = el("input", {
    class: "input", type: "search", testid: "search", placeholder: "Search file names", "aria-label": "Search by file name",
    autocomplete: "off", spellcheck: "false", maxlength: 200, enterkeyhint: "search",
  });
  const clear = button("Clear the search", { icon: "close", kind: "quiet small", only: true, testid: "search-clear", onclick: () => reset(app, input) });
  const file = el("input", { type: "file", accept: "image/*", class: "sr-only", tabindex: -1, "aria-hidden": "true", testid: "search-picture-input" });
  const byPicture = button("Search by a picture", { icon: "camera", kind: "quiet small", only: true, testid: "search-picture", onclick: () => file.click() });
  file.addEventListener("change", () => {
    if (file.files?.[0]) searchPicture(app, file.files[0]);
    file.value = "";
  });
  wire(app, input, clear);
  return el("search", { class: "search-box", role: "search" }, icon("search"), input, clear, byPicture, file);
}

/** @param {import("../state/initial.js").App} app @param {HTMLInputElement} input @param {HTMLElement} clear */
function wire(app, input, clear) {
  const ask = debounced(() => searchText(app, input.value), PAUSE);
  input.addEventListener("input", ask);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") reset(app, input);
    if (event.key === "Enter") searchText(app, input.value);
    if (event.key === "ArrowDown") /** @type {HTMLElement|null} */ (document.querySelector('[data-testid="search-results"] button'))?.focus();
  });
  app.store.on(["search", "data"], ({ search, data }) => {
    input.disabled = !data;
    show(clear, Boolean(search));
    if (document.activeElement !== input) input.value = search?.kind === "text" ? search.text : "";
  }, { now: true });
}

/** @param {import("../state/initial.js").App} app @param {HTMLInputElement} input */
function reset(app, input) {
  input.value = "";
  clearSearch(app);
  input.focus();
}
