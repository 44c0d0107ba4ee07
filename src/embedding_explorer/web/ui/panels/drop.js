// @ts-check
/** Files dropped anywhere on the page, chosen by a button or pasted: an archive becomes a map, a picture is searched for. */
import { kindOf } from "../../data/upload.js";
import { el, show } from "../dom.js";
import { icon } from "../parts/icons.js";
import { searchPicture } from "../state/searching.js";
import { chooseArchive } from "../state/work.js";

/** @typedef {import("../state/initial.js").App} App */

/**
 * Take a file for what it is.
 * @param {App} app
 * @param {File[]} files
 */
export function takeFiles(app, files) {
  if (files.length === 0) return;
  if (files.length > 1) return app.toasts.show(`${files.length} files were dropped. Drop one picture to search for it, or pack pictures into one ZIP to make a map of them.`, { level: "warning" });
  const [file] = files;
  const kind = kindOf(file);
  if (kind === "archive") return void chooseArchive(app, file);
  if (kind === "picture" && app.store.state.data) return void searchPicture(app, file);
  if (kind === "picture") return app.toasts.show("There is no map to search in yet. Drop a ZIP of pictures first.", { level: "warning" });
  app.toasts.show(`${file.name} is neither an archive nor a picture. Drop a ZIP, 7z or tar of pictures, or one picture.`, { level: "warning" });
}

/** The hidden field behind all “choose” buttons. @param {App} app @returns {{element: HTMLElement, choose: () => void}} */
export function fileChooser(app) {
  const input = el("input", {
    type: "file", class: "sr-only", testid: "upload-input", tabindex: -1, "aria-label": "Archive of pictures",
    accept: ".zip,.7z,.tar,.tar.gz,.tgz,.tar.bz2,.tar.xz,application/zip",
  });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) chooseArchive(app, file);
    input.value = ""; // the same file may be chosen again
  });
  return { element: input, choose: () => input.click() };
}

/** @param {App} app @returns {HTMLElement} */
export function dropZone(app) {
  const element = el("div", { class: "drop-zone", "aria-hidden": "true", hidden: true },
    el("div", { class: "drop-hint" }, icon("upload"), el("p", null, el("strong", null, "Drop it"), el("br"), "an archive of pictures becomes a new map,", el("br"), "a single picture is searched for")));
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => carries(event) && ((depth += 1), show(element, true)));
  addEventListener("dragleave", (event) => carries(event) && ((depth -= 1), depth <= 0 && show(element, false)));
  addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    show(element, false);
    takeFiles(app, [...(event.dataTransfer?.files ?? [])]);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) takeFiles(app, files);
  });
  return element;
}
