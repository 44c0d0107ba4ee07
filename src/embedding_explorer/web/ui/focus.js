// @ts-check
/** Where the focus goes when what has it is hidden or taken away: back to where it was before, else to the map. */

// As many places as one may walk through in a card.
const MOST = 64;

/** Where the focus has been, the last place first. @type {Element[]} */
let trail = [];

/** Remember from now on where the focus has been. */
export function followFocus() {
  document.addEventListener("focusin", ({ target }) => {
    const place = /** @type {Element} */ (target);
    trail = [place, ...trail.filter((each) => each !== place && each.isConnected)].slice(0, MOST);
  });
}

/** To be called before `node`, or what is in it, is hidden or taken away. @param {Element} node */
export function releaseFocus(node) {
  if (node.contains(document.activeElement)) returnFocus(node);
}

/** Give the focus back to where it was before it came to `node`, unless it is somewhere. @param {Element} node */
export function returnFocus(node) {
  // Later: others who are told of the same change may hide more, or take the focus themselves.
  queueMicrotask(() => {
    if (!focusIsLost()) return;
    const before = trail.find((place) => !node.contains(place) && usable(place)) ?? last();
    /** @type {HTMLElement|null|undefined} */ (before)?.focus({ preventScroll: true });
  });
}

/** Whether a key that is pressed now would arrive nowhere. */
export function focusIsLost() {
  return !usable(document.activeElement);
}

/** @param {Element|null} place whether a key pressed there would arrive */
function usable(place) {
  if (!place || place === document.body || place.matches(":disabled")) return false;
  return place.checkVisibility({ visibilityProperty: true }) && (topDialog()?.contains(place) ?? true);
}

function last() {
  return topDialog()?.querySelector(".dialog-body") ?? document.getElementById("map");
}

/** What lies behind it cannot have the focus. */
function topDialog() {
  return [...document.querySelectorAll("dialog[open]")].at(-1);
}
