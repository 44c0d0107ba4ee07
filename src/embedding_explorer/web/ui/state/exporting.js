// @ts-check
/** The selection as a file. */
import { fill, send, ServerError } from "../../data/api.js";
import { plural } from "../format.js";
import { saveBlob } from "../parts/saving.js";

const PATIENCE = 700; // ms after which it is said that a file is being made

/**
 * @param {import("./initial.js").App} app
 * @param {"csv"|"parquet"|"zip"} format
 */
export async function exportSelection(app, format) {
  const { manifest, selection } = app.store.state;
  const waiting = setTimeout(() => app.toasts.show(`Making a ${format} file of ${plural(selection.size, "image")} …`, { testid: "exporting" }), PATIENCE);
  try {
    const response = await send("POST", fill(manifest.export, { format }), { mask: selection.toBase64() });
    saveBlob(await response.blob(), `${manifest.name}-${selection.size}.${format}`);
  } catch (error) {
    const text = error instanceof ServerError ? error.message : String(error);
    app.toasts.show(`The selection could not be exported. ${text}`, { level: "error" });
  } finally {
    clearTimeout(waiting);
  }
}
