// @ts-check
/** The way between the pages of this program. */
import { el } from "../dom.js";

/** `below`: whatever addresses begin so belong to the page too. */
const PAGES = [
  { name: "Map", href: "/", below: [] },
  { name: "Train", href: "/training", below: ["/training", "/datasets/", "/models/", "/pretrained_models", "/store/"] },
  { name: "Logs", href: "/logs", below: ["/logs/"] },
];

/** @param {typeof PAGES[0]} page @returns {boolean} */
const here = ({ href, below }) => location.pathname === href || below.some((start) => location.pathname.startsWith(start));

/** The pages that this one is not, for a menu. */
export const otherPages = () => PAGES.filter((page) => !here(page));

/** @returns {HTMLElement} */
export function pages() {
  return el("nav", { class: "pages", "aria-label": "Pages" }, PAGES.map((page) => el("a", { href: page.href, "aria-current": here(page) ? "page" : null }, page.name)));
}
