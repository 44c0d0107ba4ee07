// @ts-check
/** The same pictures as each snapshot sees them, as maps that glide into one another. */
import { el, fillIn, setText, show } from "../../../ui/dom.js";
import { plural } from "../../../ui/format.js";
import { button, note, progressBar } from "../../../ui/parts/controls.js";
import { icon } from "../../../ui/parts/icons.js";
import { get, post } from "../../data/api.js";
import { repeat } from "../../data/watch.js";
import { isActive } from "../../ui/status.js";
import { act } from "../../ui/actions.js";

const WAIT = 1000; // ms

/** @param {string} id of the model @returns {{element: HTMLElement, update: (graph: any) => void}} */
export function mapsCard(id) {
  const list = el("div", { class: "row wrap" });
  const bar = progressBar({ label: "Making the maps" });
  const words = el("p", { class: "muted small", role: "status" });
  const make = button("Make maps of its epochs", { icon: "layers", testid: "make-maps", onclick: () => act(async () => follow((await post(`/models/${id}/maps.json`)).job)) });
  const element = el("section", { class: "card padded stack-3", "aria-label": "Maps", hidden: true, testid: "maps" }, el("h2", null, "What it sees"),
    el("p", { class: "muted" }, "The pictures of the dataset as a map, by every epoch: classes drift apart as the model learns."), el("div", { class: "row wrap" }, list, make), bar.element, words);
  show(bar.element, false);
  let asked = false;

  const load = async () => {
    const { series } = await get(`/models/${id}/maps.json`);
    // The map page takes the model's id, and shows the newest of its series.
    fillIn(list, series.length > 0 && [
      el("a", { class: "button primary", href: `/?series=${id}`, "data-testid": "see-map" }, icon("layers"), "See it as a map"),
      el("span", { class: "muted small" }, plural(series[0].maps.length, "epoch"))]);
  };
  const follow = (/** @type {any} */ job) => {
    show(bar.element, true);
    make.disabled = true;
    const done = (/** @type {string} */ text, /** @type {any} */ kind = "") => {
      show(bar.element, false);
      make.disabled = false;
      fillIn(words, kind ? note(text, kind) : text);
    };
    repeat(async () => {
      const now = await get(`/jobs/${job.id}.json`);
      if (now.status === "waiting" || now.status === "running") {
        bar.set(now.total ? now.done / now.total : null);
        setText(words, now.total ? `${now.stage}: ${now.done} of ${now.total}` : now.stage ?? "");
        return WAIT;
      }
      done(now.error || "The maps are there.", now.error ? "error" : "");
      await load();
      return null;
    }, { trouble: (error) => done(error.message, "error") });
  };
  const update = (/** @type {any} */ graph) => {
    show(element, graph.snapshots.length > 0);
    make.title = isActive(graph.status) ? "While it trains, the server is busy; the maps can be made when it is done." : "";
    if (asked || !graph.snapshots.length) return;
    asked = true;
    load().catch(() => show(element, false)); // this server makes no maps of snapshots
  };
  return { element, update };
}
