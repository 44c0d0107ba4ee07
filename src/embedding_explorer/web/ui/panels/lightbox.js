// @ts-check
/** A picture at full size: fitted to the window, or pixel for pixel. */
import { el } from "../dom.js";
import { openDialog } from "../parts/dialog.js";

/** @param {string} src @param {string} name */
export function openPicture(src, name) {
  const picture = el("img", { src, alt: `The image ${name} at full size` });
  const frame = el("button", { type: "button", class: "lightbox-frame", "aria-pressed": "false", title: "Fit to the window, or pixel for pixel" }, picture);
  frame.addEventListener("click", (event) => toggle(frame, picture, event));
  openDialog({ title: name, body: frame, kind: "lightbox", testid: "lightbox" });
  frame.focus();
}

/** Keep what was clicked under the pointer. @param {HTMLElement} frame @param {HTMLImageElement} picture @param {MouseEvent} event */
function toggle(frame, picture, event) {
  const before = picture.getBoundingClientRect();
  const [x, y] = [(event.clientX - before.left) / before.width, (event.clientY - before.top) / before.height];
  const large = frame.classList.toggle("large");
  frame.setAttribute("aria-pressed", String(large));
  if (!large || event.detail === 0) return; // a key has no place
  const after = picture.getBoundingClientRect();
  const box = /** @type {HTMLElement} */ (frame.parentElement);
  box.scrollBy(after.left + x * after.width - event.clientX, after.top + y * after.height - event.clientY);
}
