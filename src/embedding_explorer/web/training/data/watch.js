// @ts-check
/** Asking the server again and again, as often as it is worth it, and not while nobody looks. */
import { ApiError } from "./api.js";

const TROUBLED = 5000; // ms until it is asked again after a failure

/**
 * Call `ask`, which gives the ms until it is to be called again, or null for never. What fails with an ApiError is told and
 * tried again. While the page is hidden nothing is asked; when it is shown, at once.
 * @param {() => Promise<number|null>} ask
 * @param {{trouble?: (error: ApiError) => void}} [options]
 * @returns {{now: () => void, stop: () => void}}
 */
export function repeat(ask, { trouble } = {}) {
  let timer = 0;
  let stopped = false;
  let running = false;
  let again = false;
  const turn = async () => {
    clearTimeout(timer);
    if (stopped) return;
    if (running) return void (again = true);
    running = true;
    let wait = /** @type {number|null} */ (TROUBLED);
    try {
      wait = await ask();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      trouble?.(error);
      if (error.status === 404) stopped = true;
    } finally {
      running = false;
    }
    if (again) return void ((again = false), turn());
    if (wait !== null && !stopped && !document.hidden) timer = setTimeout(turn, wait);
    sleeping = wait !== null && document.hidden;
  };
  let sleeping = false;
  const wake = () => !document.hidden && sleeping && ((sleeping = false), turn());
  document.addEventListener("visibilitychange", wake);
  turn();
  return {
    now: () => void turn(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    },
  };
}
