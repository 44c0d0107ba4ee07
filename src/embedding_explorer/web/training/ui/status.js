// @ts-check
/** States of jobs, as badges and in words. */
import { el, setText } from "../../ui/dom.js";
import { duration } from "../../ui/format.js";

const ACTIVE = new Set(["Initialized", "Waiting", "Running"]);
const CSS = { Done: "success", Running: "info", Error: "danger" };
const WORDS = { Initialized: "Accepted", Waiting: "Waiting", Running: "Running", Done: "Done", Aborted: "Stopped", Error: "Failed" };

/** @param {string} status */
export function isActive(status) {
  return ACTIVE.has(status);
}

/** @param {string} status @returns {HTMLElement} */
export function badge(status) {
  const node = el("span", { class: "badge", testid: "status" });
  setBadge(node, status);
  return node;
}

/** @param {HTMLElement} node @param {string} status */
export function setBadge(node, status) {
  node.className = `badge status ${CSS[status] ?? "warning"}`;
  node.dataset.status = status;
  node.title = status;
  setText(node, WORDS[status] ?? status);
}

/** "3 min ago" for Unix seconds, the date for what is older than a day. @param {number} seconds @param {number} [now] */
export function ago(seconds, now = Date.now() / 1000) {
  const past = Math.max(0, now - seconds);
  if (past < 45) return "just now";
  if (past < 3600) return `${Math.round(past / 60)} min ago`;
  if (past < 86400) return `${Math.round(past / 3600)} h ago`;
  return new Date(seconds * 1000).toLocaleDateString(undefined, { dateStyle: "medium" });
}

/** @param {number} seconds */
export function took(seconds) {
  return seconds > 0 ? duration(seconds) : "";
}
