// @ts-check
/** Giving the reader a file. */
import { el } from "../dom.js";

/** @param {Blob} blob @param {string} name */
export function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: fileName(name) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers read it later
}

/** A name that every file system takes. @param {string} name */
export function fileName(name) {
  return name.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, "_").slice(0, 180) || "file";
}
