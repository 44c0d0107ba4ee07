// @ts-check
/** What the page knows and what the reader chose: one store; the choice is in the address, too. */
import { Store } from "../../ui/state/store.js";
import { LogError } from "./api.js";

const FIRST_RUNS = 40; // chosen at first, of more: the last ones, as most names begin with a date or a number that counts up
const READING = 700; // ms between two looks at how far the server has read

/**
 * @typedef {object} State
 * @property {import("./categories.js").Categories|null} categories
 * @property {string[]} runs all of them
 * @property {string[]} chosen
 * @property {string} tab
 * @property {string} filter of tags
 * @property {import("./series.js").Axis} axis
 * @property {number} weight of the smoothing
 * @property {boolean} log
 * @property {boolean} outliers whether they may be cut off
 * @property {boolean} live
 * @property {number|null} progress of the server's reading; null when all is read
 * @property {Record<string, string[]>} trouble with files
 * @property {string} error
 */

export class Book {
  /** @param {import("./api.js").Logs} logs @param {string} query of the address */
  constructor(logs, query) {
    this.logs = logs;
    const asked = new URLSearchParams(query);
    this.wanted = asked.has("run") ? asked.getAll("run") : null;
    /** The place of each run's colour, in the order in which they were seen. @type {Map<string, number>} */
    this.order = new Map();
    const axis = asked.get("axis") ?? "";
    const weight = Number(asked.get("smooth") ?? 0.6);
    this.store = new Store(/** @type {State} */ ({
      categories: null, runs: [], chosen: [], tab: asked.get("tab") ?? "", filter: asked.get("tags") ?? "", live: asked.get("live") !== "0",
      axis: /** @type {any} */ (["step", "relative", "wall"].includes(axis) ? axis : "step"), weight: weight >= 0 && weight < 1 ? weight : 0.6,
      log: asked.get("log") === "1", outliers: asked.get("outliers") === "1", progress: null, trouble: {}, error: "",
    }));
    this.store.on(["chosen", "tab", "filter", "axis", "weight", "log", "outliers", "live"], () => this.#write());
  }

  get state() {
    return this.store.state;
  }

  /** Chosen runs that have anything of a kind. */
  get chosen() {
    return this.state.chosen;
  }

  /** @param {string} run */
  place(run) {
    return this.order.get(run) ?? 0;
  }

  /** Open the dataset, and tell how far the server has read it until it is done. */
  async open() {
    const { progress, trouble = {} } = await this.logs.open();
    this.store.set({ progress: progress ?? null, trouble: same(trouble, this.state.trouble), error: "" });
    if (progress !== undefined) setTimeout(() => void this.open().catch((error) => this.told(error)), READING);
  }

  /** Look which runs and tags there are. @returns {Promise<boolean>} whether anything is new */
  async look() {
    try {
      const categories = await this.logs.get("getCategory");
      if (this.state.error) this.store.set({ error: "" });
      if (categories === this.state.categories) return false;
      const runs = Object.keys(categories);
      const fresh = runs.filter((run) => !this.order.has(run));
      for (const run of fresh) this.order.set(run, this.order.size);
      this.store.set({ categories, runs, chosen: this.#chosen(runs, fresh) });
      return true;
    } catch (error) {
      this.told(error);
      return false;
    }
  }

  /** Show what went wrong. @param {unknown} error */
  told(error) {
    if (!(error instanceof LogError)) throw error;
    this.store.set({ error: error.message });
  }

  /** @param {string[]} runs @param {string[]} fresh */
  #chosen(runs, fresh) {
    if (this.wanted) return runs.filter((run) => this.wanted?.includes(run));
    const first = this.state.categories === null;
    // A run that begins while one watches is shown, as long as there are few.
    return runs.filter((run, index) => (first ? index >= runs.length - FIRST_RUNS : this.state.chosen.includes(run) || (fresh.includes(run) && runs.length <= FIRST_RUNS)));
  }

  /** @param {string[]} chosen */
  choose(chosen) {
    const all = this.state.runs;
    this.wanted = chosen.length === all.length ? null : chosen;
    this.store.set({ chosen: all.filter((run) => chosen.includes(run)) });
  }

  #write() {
    const { tab, filter, axis, weight, log, outliers, live } = this.state;
    const query = new URLSearchParams();
    if (tab) query.set("tab", tab);
    if (filter) query.set("tags", filter);
    if (axis !== "step") query.set("axis", axis);
    if (weight !== 0.6) query.set("smooth", String(weight));
    if (log) query.set("log", "1");
    if (outliers) query.set("outliers", "1");
    if (!live) query.set("live", "0");
    if (this.wanted && this.wanted.length <= 40) for (const run of this.wanted) query.append("run", run);
    const text = query.toString();
    history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}`);
  }
}

/** The old value where the new one says the same, so that nobody hears of a change. @template T @param {T} value @param {T} before */
function same(value, before) {
  return JSON.stringify(value) === JSON.stringify(before) ? before : value;
}
