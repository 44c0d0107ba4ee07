// @ts-check
/** Drawing anew in another theme whatever still is on the page, without keeping the rest in memory. */
import { onTheme } from "../ui/state/theme.js";

/** @type {Set<{owner: WeakRef<any>, draw: (owner: any) => void}>} */
const followers = new Set();
onTheme(() => {
  for (const follower of followers) {
    const owner = follower.owner.deref();
    if (!owner) followers.delete(follower);
    else if (owner.element.isConnected) follower.draw(owner);
  }
});

/**
 * Call `draw` with `owner` when the theme changes. It must not hold the owner itself.
 * @template {{element: HTMLElement}} T
 * @param {T} owner
 * @param {(owner: T) => void} draw
 */
export function followTheme(owner, draw) {
  followers.add({ owner: new WeakRef(owner), draw });
}
