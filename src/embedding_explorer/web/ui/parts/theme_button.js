// @ts-check
/** The button that changes between the system's theme, light and dark. */
import { chosenTheme, onTheme, setTheme } from "../state/theme.js";
import { button, relabel } from "./controls.js";

/** Theme → the next one, icon, name. */
export const THEMES = { auto: ["light", "auto", "Theme of the system"], light: ["dark", "sun", "Light theme"], dark: ["auto", "moon", "Dark theme"] };

/** @returns {HTMLButtonElement} */
export function themeButton() {
  const node = button("Theme", { icon: "auto", kind: "quiet", only: true, testid: "theme", onclick: () => setTheme(/** @type {any} */ (THEMES[chosenTheme()][0])) });
  const draw = () => relabel(node, THEMES[chosenTheme()][2], THEMES[chosenTheme()][1]);
  onTheme(draw);
  draw();
  return node;
}
