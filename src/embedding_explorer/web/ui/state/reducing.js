// @ts-check
/** Another reduction of the same images: they glide to their new places. */
import { ServerError } from "../../data/api.js";
import { reducerName } from "../format.js";

/** @typedef {import("./initial.js").App} App */

/** @param {App} app @param {string} reducer */
export async function setReducer(app, reducer) {
  const before = app.store.state.reducer;
  if (reducer === before) return;
  app.store.set({ reducer });
  try {
    await app.view.setReduction(reducer, { animate: true });
    app.announce(`Placed by ${reducerName(reducer)}`);
  } catch (error) {
    if (app.store.state.reducer !== reducer) return;
    app.store.set({ reducer: before });
    const text = error instanceof ServerError ? error.message : String(error);
    app.toasts.show(`${reducerName(reducer)} could not be shown. ${text}`, { level: "error" });
  }
}
