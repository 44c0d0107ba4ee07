// @ts-check
/** Composition: the address decides which page this is; each is a module of its own, loaded when it is wanted. */
import { route } from "./routes.js";
import { buildShell, unusable } from "./ui/shell.js";

async function start() {
  const main = /** @type {HTMLElement} */ (document.getElementById("app"));
  buildShell(main);
  if (main.dataset.page === "error") return;
  const query = new URLSearchParams(location.search);
  const found = route(location.pathname, query);
  if (!found) return;
  const { open } = await import(`./pages/${found.page}.js`);
  await open({ ...found.facts, query });
}

window.training = { ready: start().catch(unusable) };
