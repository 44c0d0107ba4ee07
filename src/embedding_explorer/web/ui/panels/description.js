// @ts-check
/** The map in words, for those who cannot see it. */
import { debounced, setText } from "../dom.js";
import { count, plural, reducerName } from "../format.js";
import { rowsInView } from "../state/marking.js";

/** @param {import("../state/initial.js").App} app @param {HTMLElement} element @param {HTMLElement} canvas */
export function describeMap(app, element, canvas) {
  const write = debounced(() => {
    const { phase, manifest } = app.store.state;
    canvas.setAttribute("aria-label", manifest ? `Map of ${manifest.name}` : "Map of images");
    setText(element, phase === "ready" ? description(app.store.state, rowsInView(app).length) : "No map is shown.");
  }, 400);
  app.store.on(["phase", "manifest", "reducer", "mode", "colour", "visible", "selection", "search", "picked", "camera"], write, { now: true });
}

/** @param {import("../state/initial.js").State} state @param {number} inView */
export function description({ manifest, reducer, mode, colour, classes, visible, selection, search, picked }, inView) {
  const colours = { none: "in one colour", selections: "coloured by your selections" }[colour] ?? `coloured by ${colour}${classes.length ? `, ${plural(classes.length, "class", "classes")}` : ""}`;
  return [
    `${plural(manifest.total, "image")} placed by ${reducerName(reducer)} in ${mode === "2d" ? "two" : "three"} dimensions, ${colours}: images that are alike lie near each other.`,
    visible < manifest.total && `The legend lets ${count(visible)} through.`,
    `${count(inView)} are in the window.`,
    selection?.size ? `${count(selection.size)} are selected; they are listed in the panel Selection.` : "",
    search && !search.running && !search.error && `A search found ${count(search.total)}; they are listed in Search results.`,
    picked?.info && `${picked.info.file} is looked at.`,
    "Arrow keys turn the map, plus and minus zoom, Enter opens the image nearest to the middle.",
  ].filter(Boolean).join(" ");
}
