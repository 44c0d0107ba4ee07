// @ts-check
/** What runs now, as cards with progress. */
import { el, fillIn, setText, show } from "../../../ui/dom.js";
import { progressBar } from "../../../ui/parts/controls.js";
import { sparkline } from "../../../charts/sparkline.js";
import { figures } from "../../data/rows.js";
import { badge, setBadge, took } from "../../ui/status.js";

/** @returns {{element: HTMLElement, update: (rows: any[]) => void}} */
export function runningCards() {
  const list = el("ul", { class: "running" });
  const element = el("section", { "aria-label": "Running now", testid: "running" }, el("h2", null, "Running now"), list);
  /** @type {Map<string, ReturnType<typeof card>>} */
  const cards = new Map();
  show(element, false);
  const update = (/** @type {any[]} */ rows) => {
    show(element, rows.length > 0);
    for (const id of [...cards.keys()]) if (!rows.some((row) => row.id === id)) (cards.get(id)?.element.remove(), cards.delete(id));
    rows.forEach((row, index) => {
      const known = cards.get(row.id) ?? card(row);
      cards.set(row.id, known);
      known.update(row);
      if (list.children[index] !== known.element) list.insertBefore(known.element, list.children[index] ?? null);
    });
  };
  return { element, update };
}

/** @param {any} row */
function card(row) {
  const bar = progressBar({ label: `Progress of ${row.name}` });
  const state = badge(row.status);
  const words = el("span", { class: "muted small" });
  const line = el("span", { class: "running-line" });
  const link = el("a", { class: "grow ellipsis", href: `/${row.type}s/${row.id}` }, row.name);
  const element = el("li", { class: "card running-card stack", testid: "running-job", "data-id": row.id },
    el("div", { class: "row" }, link, line, state), bar.element, words);
  const update = (/** @type {any} */ now) => {
    const waiting = now.status !== "Running";
    setBadge(state, now.status);
    setText(link, now.name);
    bar.set(waiting ? 0 : now.progress / 100);
    const shown = figures(now).map(({ name, last }) => `${name} ${last}`);
    setText(words, [now.type === "model" ? "Training" : "Making a dataset", waiting ? "waits for its turn" : `${now.progress} %`, took(now.elapsed), ...shown].filter(Boolean).join(" · "));
    fillIn(line, now.sparkline?.length > 1 && sparkline(now.sparkline, { label: "Training loss" }));
  };
  return { element, update };
}
