// @ts-check
/** Composition: which dataset of logs this is, what the reader chose, and the pages that show it. */
import { Logs } from "./data/api.js";
import { arrival } from "./data/arrival.js";
import { Book } from "./data/book.js";
import { buildShell, noDataset, unusable } from "./ui/shell.js";
import { buildStage } from "./ui/stage.js";

async function start() {
  const main = /** @type {HTMLElement} */ (document.getElementById("app"));
  const { user = "", job = "", whole } = main.dataset;
  const datasets = [...main.querySelectorAll("#datasets a")].map((link) => ({ name: link.textContent ?? "", href: link.getAttribute("href") ?? "" }));
  const choice = { datasets, whole: whole === "yes", name: user ? `${user} / ${job}` : "" };
  buildShell(main, choice);
  if (!user && whole !== "yes") {
    if (!datasets.length) void arrival().then(() => location.reload());
    return noDataset(main, choice);
  }
  const book = new Book(new Logs(user, job), location.search);
  await buildStage(main, book);
  return undefined;
}

/** For tests. */
/** @type {any} */ (window).logs = { ready: start().catch(unusable) };
