// @ts-check
/** What one looks at, in two quiet lines. */
import { el, fillIn, setText, show } from "../dom.js";
import { plural, reducerName } from "../format.js";

/**
 * @param {import("../state/initial.js").App} app
 * @param {{over?: boolean}} [options] over: the copy over the map, which narrow screens show while the dock is away
 * @returns {HTMLElement}
 */
export function headline(app, { over = false } = {}) {
  const title = el(over ? "p" : "h1", { class: "ellipsis" });
  const line = el("p", { class: "muted ellipsis" });
  const element = el("div", { class: over ? "headline over" : "headline", "aria-hidden": over ? "true" : null }, title, line);
  app.store.on(["manifest", "reducer", "phase"], ({ manifest, reducer }) => {
    show(element, Boolean(manifest));
    if (!manifest) return;
    setText(title, manifest.name);
    title.title = manifest.name;
    fillIn(line, facts(manifest, reducer).join(" · "));
    line.title = manifest.network ? `features of the network ${manifest.network.name}` : "imported coordinates";
  }, { now: true });
  return element;
}

/** @param {any} manifest @param {string} reducer */
function facts(manifest, reducer) {
  return [plural(manifest.total, "image"), reducerName(reducer), manifest.network?.name].filter(Boolean);
}
