// @ts-check
/** Requests to this server: one place that turns every failure into a ServerError with the server's own words. */

/**
 * @typedef {{id: string, kind: string, stage: string, done: number, total: number}} JobBrief
 */

/** What went wrong with a request: `message` is fit to be shown. */
export class ServerError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, job?: JobBrief|null, busy?: boolean, retryAfter?: number}} [facts]
   */
  constructor(message, { status = 0, job = null, busy = false, retryAfter = 5 } = {}) {
    super(message);
    this.name = "ServerError";
    this.status = status;
    this.job = job;
    this.busy = busy;
    this.retryAfter = retryAfter;
  }
}

export const UNREACHABLE = "The server cannot be reached. Check that it runs and try again.";

/**
 * The error that an answer stands for. The contract gives uploads a general sentence in `error` and the reason in
 * `detail`; the reason is what a person needs.
 * @param {number} status
 * @param {string} text body of the answer
 * @param {string|null} [retryAfter]
 * @returns {ServerError}
 */
export function errorOf(status, text, retryAfter = null) {
  const body = parsed(text);
  const message = body.detail || body.error || `The server answered ${status}.`;
  const seconds = Number(retryAfter) || 5;
  return new ServerError(message, { status, job: body.job ?? null, busy: body.busy === true, retryAfter: seconds });
}

/** @param {string} text @returns {Record<string, any>} */
function parsed(text) {
  try {
    const body = JSON.parse(text);
    return body && typeof body === "object" ? body : {};
  } catch {
    return {};
  }
}

/**
 * `fetch` that raises ServerError for everything but success; an abort stays an AbortError.
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function request(url, options = {}) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServerError(UNREACHABLE);
  }
  if (!response.ok) throw errorOf(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

/** @param {string} url @param {RequestInit} [options] @returns {Promise<any>} */
export async function getJson(url, options) {
  return (await request(url, options)).json();
}

/** @param {string} url @param {RequestInit} [options] @returns {Promise<ArrayBuffer>} */
export async function getBytes(url, options) {
  return (await request(url, options)).arrayBuffer();
}

/**
 * Send JSON.
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export function send(method, url, body, signal) {
  const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  return request(url, { method, signal, ...json });
}

/** Fill `{name}` parts of an address template of a manifest. @param {string} template @param {Record<string, string|number>} values */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values[name])));
}

/** The address of the sprite of these rows. @param {any} manifest @param {ArrayLike<number>} rows */
export function spriteUrl(manifest, rows) {
  return `${manifest.thumbnails.url}?ids=${Array.from(rows).join(",")}`;
}
