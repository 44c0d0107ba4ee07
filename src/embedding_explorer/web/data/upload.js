// @ts-check
/** Sending an archive: XMLHttpRequest, because `fetch` does not tell how much was sent. */
import { errorOf, ServerError, UNREACHABLE } from "./api.js";

/**
 * @typedef {object} UploadOptions
 * @property {string} name of the dataset
 * @property {boolean} labels top-level folders are labels
 * @property {string|null} [network] name of a network, id of a registered or slug of a public one
 * @property {string} [layer]
 * @property {string} [pooling] avg, max or flatten
 */

/**
 * @typedef {{job: any}|{known: {dataset: string, total: number, skipped: number}}} Accepted a job that was begun, or a
 *   dataset that these very bytes had become before
 */

const ARCHIVE = /\.(zip|7z|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|cbz)$/i;
const PICTURE = /\.(jpe?g|png|gif|webp|bmp|tiff?|avif|heic|jxl|ppm|pgm)$/i;

/**
 * What a chosen or dropped file is meant for: an archive becomes a dataset, a picture is searched for.
 * @param {{name: string, type?: string}} file
 * @returns {"archive"|"picture"|"other"}
 */
export function kindOf(file) {
  if (ARCHIVE.test(file.name) || /zip|tar|7z/.test(file.type ?? "")) return "archive";
  if (PICTURE.test(file.name) || file.type?.startsWith("image/")) return "picture";
  return "other";
}

/** @param {UploadOptions} options @returns {string} */
export function uploadUrl({ name, labels, network, layer, pooling }) {
  const query = new URLSearchParams();
  if (name.trim()) query.set("name", name.trim().slice(0, 200));
  if (labels) query.set("labels", "folders");
  if (network) query.set("network", network);
  if (layer?.trim()) query.set("layer", layer.trim());
  if (pooling) query.set("pooling", pooling);
  const text = query.toString();
  return text ? `/dataset?${text}` : "/dataset";
}

/**
 * Send an archive. Rejects with ServerError, or an AbortError when `abort` was called.
 * @param {File} file
 * @param {UploadOptions} options
 * @param {(loaded: number, total: number) => void} onProgress bytes
 * @returns {{done: Promise<Accepted>, abort: () => void}}
 */
export function sendArchive(file, options, onProgress) {
  const xhr = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    xhr.open("POST", uploadUrl(options));
    xhr.setRequestHeader("Prefer", "respond-async");
    xhr.upload.onprogress = (event) => onProgress(event.loaded, event.total || file.size);
    xhr.onload = () => settle(xhr, resolve, reject);
    xhr.onerror = () => reject(new ServerError(`The upload broke off. ${UNREACHABLE}`));
    xhr.onabort = () => reject(new DOMException("aborted", "AbortError"));
    const form = new FormData();
    form.append("file", file, file.name);
    xhr.send(form);
  });
  return { done, abort: () => xhr.abort() };
}

/** @param {XMLHttpRequest} xhr @param {(value: Accepted) => void} resolve @param {(error: Error) => void} reject */
function settle(xhr, resolve, reject) {
  if (xhr.status === 202) return resolve({ job: JSON.parse(xhr.responseText).job });
  if (xhr.status >= 200 && xhr.status < 300) return resolve({ known: knownOf(xhr) });
  return reject(errorOf(xhr.status, xhr.responseText, xhr.getResponseHeader("Retry-After")));
}

/** @param {XMLHttpRequest} xhr */
function knownOf(xhr) {
  const number = (name) => Number(xhr.getResponseHeader(name) ?? 0);
  return { dataset: xhr.responseText.trim(), total: number("X-Dataset-Total"), skipped: number("X-Dataset-Skipped") };
}
