// @ts-check
/** Requests to the training API: one place that turns every refusal into sentences, and a form's into sentences by field. */
import { UNREACHABLE } from "../../data/api.js";

/** @typedef {Record<string, string[]>} FieldErrors field → what is wrong with it */

export const BUSY = "The server is making a map of pictures just now, so nothing was created. Try again when it is done.";

/** A refused request: `message` is fit to be shown; `fields` are those of a form that must be changed. */
export class ApiError extends Error {
  /** @param {string} message @param {{status?: number, fields?: FieldErrors|null, retryAfter?: number}} [facts] */
  constructor(message, { status = 0, fields = null, retryAfter = 0 } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }

  /** Whether a name would help. */
  get needsName() {
    return this.status === 401;
  }

  /** Whether the same request may succeed later. */
  get later() {
    return this.status === 503 || this.status === 429 || this.status === 0;
  }
}

/**
 * What an answer means: the two JSON shapes of the API, the general one of the server, or a line of text.
 * @param {number} status
 * @param {string} text body
 * @param {string|null} [retryAfter]
 * @returns {ApiError}
 */
export function errorOf(status, text, retryAfter = null) {
  const body = parsed(text);
  const fields = body?.errors ?? null;
  const seconds = Number(retryAfter) || 0;
  if (fields) return new ApiError("Some fields need a change.", { status, fields });
  const reason = reasonOf(body) || (body === null && !/^\s*</.test(text) ? text.trim().slice(0, 500) : "");
  return new ApiError(sentence(status, reason), { status, retryAfter: seconds });
}

/** @param {any} body */
function reasonOf(body) {
  const error = body?.error;
  if (typeof error === "string") return body.detail || error;
  return error?.description || error?.message || body?.status || "";
}

/** What happened and what can be done. @param {number} status @param {string} reason */
function sentence(status, reason) {
  if (status === 401) return "Say who you are first: whatever is made or changed here belongs to a name.";
  if (status === 403) return reason || "Only the owner of this job may do that.";
  if (status === 404) return reason === "Job not found" ? "This job is not there any more; it may have been deleted." : reason || "There is no such thing on the server.";
  if (status === 413) return reason || "This is more than the server takes. Send less, or ask its operator to raise the limit.";
  if (status === 503) return /busy/i.test(reason) || !reason ? BUSY : reason;
  if (status === 507) return reason || "The server's disk is full. Delete something, then try again.";
  return reason || `The server answered ${status}.`;
}

/** @param {string} text */
function parsed(text) {
  try {
    const body = JSON.parse(text);
    return body && typeof body === "object" ? body : null;
  } catch {
    return null;
  }
}

/**
 * A form's fields; what is null or undefined is left out, a list is sent as a repeated field.
 * @param {Record<string, any>} values
 */
export function formOf(values) {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== null && each !== undefined) form.append(name, each instanceof Blob ? each : String(each));
  }
  return form;
}

/**
 * `fetch` that raises ApiError for everything but success. An answer that is JSON is read as such, any other as text.
 * @param {string} method
 * @param {string} path
 * @param {FormData|Record<string, any>|null} [form]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function call(method, path, form = null, signal) {
  const body = form === null || form instanceof FormData ? form : formOf(form);
  let response;
  try {
    response = await fetch(path, { method, body: body ?? undefined, signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(UNREACHABLE);
  }
  const text = await response.text();
  if (!response.ok) throw errorOf(response.status, text, response.headers.get("Retry-After"));
  return /json/.test(response.headers.get("Content-Type") ?? "") ? JSON.parse(text) : text;
}

/** @param {string} path @param {AbortSignal} [signal] */
export function get(path, signal) {
  return call("GET", path, null, signal);
}

/** @param {string} path @param {FormData|Record<string, any>} [form] @param {AbortSignal} [signal] */
export function post(path, form = {}, signal) {
  return call("POST", path, form, signal);
}

/**
 * Send a form with large files; tells how much went over, which `fetch` cannot.
 * @param {string} path
 * @param {FormData} form
 * @param {(part: number) => void} onProgress 0 to 1
 * @returns {{done: Promise<any>, abort: () => void}}
 */
export function upload(path, form, onProgress) {
  const xhr = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    xhr.open("POST", path);
    xhr.setRequestHeader("Accept", "application/json");
    xhr.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    xhr.onload = () => (xhr.status >= 200 && xhr.status < 300 ? resolve(parsed(xhr.responseText) ?? xhr.responseText) : reject(errorOf(xhr.status, xhr.responseText, xhr.getResponseHeader("Retry-After"))));
    xhr.onerror = () => reject(new ApiError(`The upload broke off. ${UNREACHABLE}`));
    xhr.onabort = () => reject(new DOMException("aborted", "AbortError"));
    xhr.send(form);
  });
  return { done, abort: () => xhr.abort() };
}
