// @ts-check
/** Puts the panels in their places and connects the view, the store and the address. */
import { el } from "./dom.js";
import { followFocus, releaseFocus } from "./focus.js";
import { count } from "./format.js";
import { colourPanel } from "./panels/colour_panel.js";
import { describeMap } from "./panels/description.js";
import { compareBar } from "./panels/compare_bar.js";
import { compareStage } from "./panels/compare_stage.js";
import { detail } from "./panels/detail.js";
import { dropZone, fileChooser } from "./panels/drop.js";
import { header } from "./panels/header.js";
import { headline } from "./panels/headline.js";
import { hoverCard } from "./panels/hover_card.js";
import { pageKeys } from "./panels/keyboard.js";
import { pins } from "./panels/pins.js";
import { searchResults } from "./panels/search_results.js";
import { seriesBar } from "./panels/series_bar.js";
import { selectionPanel } from "./panels/selection_panel.js";
import { shownLine } from "./panels/shown.js";
import { stageMessage } from "./panels/stage_message.js";
import { toolbar } from "./panels/toolbar.js";
import { workCard } from "./panels/work_card.js";
import { button } from "./parts/controls.js";
import { syncAddress } from "./state/address_sync.js";
import { paint } from "./state/colouring.js";
import { mark } from "./state/marking.js";
import { followMorph } from "./state/morphing.js";
import { remove as removeOverlay } from "./state/overlaying.js";
import { closeRow, openRow } from "./state/picking.js";
import { selectDrawn } from "./state/selecting.js";
import { followSeries } from "./state/series.js";
import { onTheme } from "./state/theme.js";

/** @typedef {import("./state/initial.js").App} App */

/** @param {App} app */
export function wirePage(app) {
  followFocus();
  skipLink();
  const chooser = fileChooser(app);
  const actions = { chooseFile: chooser.choose };
  const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  place("bar").append(...header(app, actions), chooser.element);
  place("dock").append(headline(app), colourPanel(app), selectionPanel(app));
  place("compare").append(compareBar(app), seriesBar(app));
  compareStage(app, place("stage"));
  place("stage").append(
    pins(app),
    headline(app, { over: true }),
    stageMessage(app, actions),
    hoverCard(app),
    el("div", { class: "stage-foot" }, shownLine(app), dockToggle(app), toolbar(app)),
    el("div", { class: "side" }, workCard(app, actions), searchResults(app), detail(app)),
  );
  document.body.append(app.toasts.element, dropZone(app));
  describeMap(app, place("map-description"), place("map"));
  pageKeys(app);
  connect(app);
  followMorph(app);
  followSeries(app);
  syncAddress(app);
}

/** The link past the bar moves the focus alone: another fragment of the address would count as another view. */
function skipLink() {
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("map")?.focus();
  });
}

/** On narrow screens the dock is a sheet; on wide ones it can be put away. @param {App} app */
function dockToggle(app) {
  const toggle = button("Colours and selections", { icon: "panel", only: true, testid: "dock-toggle", pressed: true, onclick: () => app.store.set({ dockOpen: !app.store.state.dockOpen }) });
  toggle.classList.add("dock-toggle");
  const narrow = matchMedia("(max-width: 760px)");
  app.store.set({ dockOpen: !narrow.matches });
  narrow.addEventListener("change", () => app.store.set({ dockOpen: !narrow.matches }));
  app.store.on(["dockOpen", "phase"], ({ dockOpen, phase }) => {
    releaseFocus(/** @type {HTMLElement} */ (document.getElementById("dock")));
    document.body.classList.toggle("dock-closed", !dockOpen || phase === "empty" || phase === "failed");
    toggle.setAttribute("aria-pressed", String(dockOpen));
  }, { now: true });
  app.store.on(["picked"], ({ picked }) => picked && narrow.matches && app.store.set({ dockOpen: false }));
  return toggle;
}

/** @param {App} app */
function connect(app) {
  const { store, view } = app;
  store.on(["data", "column", "classes", "colour", "shelf"], () => paint(app));
  store.on(["data", "column", "hidden", "range", "selection", "search", "picked", "fade"], () => mark(app));
  store.on(["visible"], ({ visible, data, phase }) => phase === "ready" && app.announce(`${count(visible)} of ${count(data.total)} shown`));
  // Frames in the colours of classes would draw the eye to what a search did not find.
  store.on(["tint", "search", "colour"], ({ tint, search, colour }) => view.setTint(tint && !search && colour !== "none"), { now: true });
  store.on(["picked", "phase", "overlay"], ({ picked, phase }) => phase === "ready" && view.raise(picked?.row ?? -1, picked?.layer));
  onTheme(() => paint(app));
  view.addEventListener("pick", ({ detail: { row, layer, double } }) => (row < 0 ? closeRow(app) : openRow(app, row, { layer, fly: double })));
  view.addEventListener("select", ({ detail: drawn }) => selectDrawn(app, drawn));
  for (const event of ["move", "rest"]) view.addEventListener(event, () => store.set({ mode: view.mode })); // keys change it, too
  view.addEventListener("overlay", () => removeOverlay(app));
  view.addEventListener("notice", ({ detail: { level, text } }) => app.toasts.show(text, { level }));
}
