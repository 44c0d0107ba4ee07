// @ts-check
/** How large the canvas is on the page, and how many device pixels a CSS pixel has. */

/**
 * Call when either has changed.
 * @param {HTMLElement} canvas
 * @param {() => void} changed
 * @returns {() => void} stop
 */
export function watchSize(canvas, changed) {
  const observer = new ResizeObserver(changed);
  observer.observe(canvas);
  const stop = watchRatio(changed);
  return () => {
    observer.disconnect();
    stop();
  };
}

/** A window that moves to another screen keeps its size in CSS pixels. @param {() => void} changed @returns {() => void} stop */
function watchRatio(changed) {
  /** @type {MediaQueryList} */
  let query;
  const told = () => {
    // A query is about one ratio only, so each change needs another.
    query.removeEventListener("change", told);
    watch();
    changed();
  };
  const watch = () => {
    query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener("change", told);
  };
  watch();
  return () => query.removeEventListener("change", told);
}
