// @ts-check
/** One map whose images glide to their places on the other, as far as a slider says. */
import { placesOn } from "../../core/morph.js";
import { change } from "./comparing.js";

/** @typedef {import("./initial.js").App} App */

let turn = 0;

/** Keep the view in step with the comparison. @param {App} app */
export function followMorph(app) {
  let shown = "";
  app.store.on(["compare", "reducer", "phase"], ({ compare, reducer, phase }) => {
    const wanted = compare?.data && compare.how === "morph" && phase === "ready" ? `${compare.id} ${reducer}` : "";
    if (wanted === shown) return;
    shown = wanted;
    if (wanted) begin(app);
    else end(app);
  });
  app.store.on(["glide"], () => apply(app));
}

/** @param {App} app */
async function begin(app) {
  const mine = (turn += 1);
  const { compare, data, reducer } = app.store.state;
  try {
    const [own, other] = await Promise.all([data.positions(reducer), compare.data.positions(reducer)]);
    // What still glides to that reduction is there at once: the slider leads from now on.
    await app.view.setReduction(reducer, { animate: false });
    if (mine !== turn) return;
    app.view.setMorph(placesOn(own, other, compare.matches));
    apply(app);
  } catch (error) {
    if (mine !== turn) return;
    app.toasts.show(/** @type {Error} */ (error).message, { level: "error" });
    change(app, { how: "side" });
  }
}

/** @param {App} app */
function end(app) {
  turn += 1;
  if (app.store.state.phase === "ready") app.view.setMorph(null);
  app.store.set({ fade: "none" });
}

/** @param {App} app */
function apply(app) {
  const { glide, compare } = app.store.state;
  if (compare?.how !== "morph" || !compare.data) return;
  app.view.morph = glide;
  app.store.set({ fade: glide === 0 ? "none" : glide === 1 ? "gone" : "dim" });
}
