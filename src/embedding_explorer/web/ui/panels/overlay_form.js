// @ts-check
/** Another dataset over the main map: choosing it, its line in the legend, what went wrong. */
import { el, fillIn, show } from "../dom.js";
import { count } from "../format.js";
import { button, note } from "../parts/controls.js";
import { icon } from "../parts/icons.js";
import { setOverlay, showOverlay } from "../state/overlaying.js";

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app @returns {HTMLElement} */
export function overlayForm(app) {
  const select = el("select", { class: "select", testid: "overlay", "aria-label": "Draw another dataset over the map" });
  select.addEventListener("change", () => setOverlay(app, select.value || null));
  const line = el("div");
  const element = el("div", { class: "overlay-form stack" }, el("label", { class: "field-row" }, el("span", { class: "muted" }, "Draw over it"), select), line);
  app.store.on(["manifest", "maps", "overlay", "compare"], ({ manifest, maps, overlay, compare }) => {
    const others = (maps ?? []).filter((map) => map.id !== manifest?.id);
    show(element, Boolean(manifest?.main) && !compare && others.length > 0);
    fillIn(select, el("option", { value: "" }, "no other dataset"), others.map((map) => el("option", { value: map.id }, `${map.name} (${count(map.total)})`)));
    select.value = overlay?.id ?? "";
    const held = line.contains(document.activeElement);
    fillIn(line, overlay && overlayLine(app, overlay));
    if (held) /** @type {HTMLElement} */ (line.querySelector("[data-testid=overlay-toggle]") ?? select).focus();
  }, { now: true });
  return element;
}

/** @param {App} app @param {import("../state/initial.js").Overlay} overlay */
function overlayLine(app, overlay) {
  if (overlay.error) return note(overlay.error, "error");
  if (overlay.running) return el("p", { class: "muted small", role: "status" }, "Placing its images on this map …");
  const label = overlay.shown ? "Hide the overlay" : "Show the overlay";
  return el(
    "div",
    { class: `class-row overlay-line ${overlay.shown ? "" : "off"}` },
    el("span", { class: "class-name" }, el("span", { class: "swatch outlined" }), el("span", { class: "grow ellipsis" }, overlay.name), el("span", { class: "muted" }, count(overlay.data.total))),
    el("button", { type: "button", class: "class-tool", title: label, "aria-label": label, testid: "overlay-toggle", onclick: () => showOverlay(app, !overlay.shown) }, icon(overlay.shown ? "eye" : "hidden")),
    button("Remove the overlay", { icon: "close", kind: "quiet small", only: true, onclick: () => setOverlay(app, null) }),
  );
}
