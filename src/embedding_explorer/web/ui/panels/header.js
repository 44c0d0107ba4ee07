// @ts-check
/** The bar at the top: brand, pages, the dataset that is shown, search, and what concerns the whole page. */
import { el } from "../dom.js";
import { button } from "../parts/controls.js";
import { otherPages, pages } from "../parts/pages.js";
import { attachPopover, menuItem, menuRule } from "../parts/popover.js";
import { THEMES, themeButton } from "../parts/theme_button.js";
import { chosenTheme, setTheme } from "../state/theme.js";
import { openAbout } from "./about.js";
import { busyChip } from "./busy.js";
import { openDatasets } from "./datasets.js";
import { openHelp } from "./help.js";
import { searchBox } from "./search_box.js";

/** @typedef {import("../state/initial.js").App} App */

/**
 * @param {App} app
 * @param {{chooseFile: () => void}} actions
 * @returns {Node[]}
 */
export function header(app, { chooseFile }) {
  const upload = button("New map", { icon: "upload", kind: "primary", onclick: chooseFile, testid: "upload-button", title: "Make a map of your own pictures" });
  upload.classList.add("bar-upload");
  return [
    el("a", { class: "brand", href: "/", title: "Embedding Explorer: the main dataset" }, logo(), el("span", { class: "brand-name" }, "Embedding Explorer")),
    pages(),
    datasetButton(app),
    searchBox(app),
    el(
      "div",
      { class: "bar-actions" },
      busyChip(app),
      upload,
      button("About this map", { icon: "info", kind: "quiet", only: true, testid: "about-button", onclick: () => openAbout(app) }),
      button("Help: keys and gestures", { icon: "help", kind: "quiet", only: true, testid: "help-button", onclick: openHelp }),
      themeButton(),
      ...moreMenu(app),
    ),
  ];
}

function logo() {
  return el("img", { src: "/web/icon.svg", alt: "", width: 26, height: 26 });
}

/** @param {App} app */
function datasetButton(app) {
  const node = button("Datasets", { icon: "layers", kind: "quiet", testid: "datasets-button", onclick: () => openDatasets(app) });
  node.classList.add("bar-dataset");
  node.setAttribute("aria-haspopup", "dialog");
  return node;
}

/** On narrow screens the other pages and the last buttons are lines of a menu. @param {App} app */
function moreMenu(app) {
  const anchor = button("More", { icon: "more", kind: "quiet", only: true, testid: "more" });
  anchor.classList.add("bar-more");
  const menu = attachPopover(anchor, () => {
    const close = () => menu.close();
    const [next, , present] = THEMES[chosenTheme()];
    return [
      ...otherPages().map(({ name, href }) => menuItem(name, { href, close })),
      menuRule(),
      menuItem("About this map", { icon: "info", close, onclick: () => openAbout(app) }),
      menuItem("Help", { icon: "help", close, onclick: openHelp }),
      menuItem(`${present}: change`, { icon: THEMES[chosenTheme()][1], close, onclick: () => setTheme(/** @type {any} */ (next)) }),
    ];
  }, { label: "More", role: "menu" });
  return [anchor, menu.element];
}
