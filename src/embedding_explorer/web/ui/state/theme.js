// @ts-check
/** Light, dark, or as the system has it. */
import { browserStorage } from "../../data/selections.js";

const KEY = "explorer.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

/** @returns {"auto"|"light"|"dark"} what the reader chose */
export function chosenTheme() {
  const { theme } = document.documentElement.dataset;
  return theme === "light" || theme === "dark" ? theme : "auto";
}

/** @returns {"light"|"dark"} what is shown */
export function theme() {
  const chosen = chosenTheme();
  return chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
}

/** @param {"auto"|"light"|"dark"} chosen */
export function setTheme(chosen) {
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  try {
    browserStorage()?.setItem(KEY, chosen);
  } catch {
    // A full or forbidden storage only means that the choice is not remembered.
  }
  tell();
}

/** Call `listener` when another theme is shown. @param {() => void} listener */
export function onTheme(listener) {
  listeners.add(listener);
}

function tell() {
  for (const listener of listeners) listener();
}

system.addEventListener("change", tell);
