// @ts-check
/** The run-logs API: answers in their envelope, kept while the server says that they still hold. */
import { UNREACHABLE } from "../../data/api.js";

const KEPT = 400; // answers
const PLACE_OF_ALL = "-"; // a name that no folder has: the server then means the log root itself

/** What the server says is wrong; `message` is fit to be shown. */
export class LogError extends Error {}

/** @typedef {Record<string, string|number>} Parameters */

/** One dataset of logs. */
export class Logs {
  /** @param {string} user @param {string} job both empty for the log root itself */
  constructor(user, job) {
    this.user = user || PLACE_OF_ALL;
    this.job = job || PLACE_OF_ALL;
    /** @type {Map<string, {etag: string, value: any}>} */
    this.kept = new Map();
    this.session = "";
  }

  /** The address of an endpoint. @param {string} endpoint @param {Parameters} [parameters] */
  url(endpoint, parameters = {}) {
    const query = new URLSearchParams({ id: this.user, trainJobName: this.job, dialect: "doc" });
    for (const [name, value] of Object.entries(parameters)) query.set(name, String(value));
    return `/api/${endpoint}?${query}`;
  }

  /**
   * The payload of an answer, as `parse` makes it; the very same value as before while nothing has changed.
   * @template T
   * @param {string} endpoint
   * @param {Parameters} [parameters]
   * @param {(data: any) => T} [parse]
   * @param {AbortSignal} [signal]
   * @returns {Promise<T>}
   * @throws {LogError}
   */
  async get(endpoint, parameters = {}, parse = (data) => data, signal) {
    const url = this.url(endpoint, parameters);
    const response = await fetched(url, signal);
    const etag = response.headers.get("ETag") ?? "";
    const known = this.kept.get(url);
    if (known && etag && known.etag === etag) {
      void response.body?.cancel();
      return this.#keep(url, known).value;
    }
    const value = parse(payload(await response.json()));
    return etag ? this.#keep(url, { etag, value }).value : value;
  }

  /** Open the dataset, without waiting until all of it is read. @returns {Promise<{progress?: number, trouble?: Record<string, string[]>}>} */
  async open() {
    const own = { wait: 0, ...(this.session ? { session_id: this.session } : {}) };
    const found = payload(await (await fetched(this.url("init", /** @type {Parameters} */ (own)))).json());
    this.session = found.session_id ?? "";
    return found;
  }

  /** @template T @param {string} url @param {T} entry @returns {T} */
  #keep(url, entry) {
    this.kept.delete(url);
    this.kept.set(url, /** @type {any} */ (entry));
    if (this.kept.size > KEPT) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    return entry;
  }
}

/** @param {string} url @param {AbortSignal} [signal] */
async function fetched(url, signal) {
  let response;
  try {
    // Without cookies: the session of another page in this browser is not to be pointed elsewhere.
    response = await fetch(url, { credentials: "omit", headers: { Accept: "application/json" }, signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new LogError(UNREACHABLE);
  }
  if (!response.ok) throw new LogError(`The server answered ${response.status}.`);
  return response;
}

/** What an envelope holds. @param {any} body @throws {LogError} */
export function payload(body) {
  if (body?.code !== 200) throw new LogError(body?.msg || "The server's answer cannot be read.");
  return body.data;
}
