// @ts-check
/** The other map beside the first: it shows the same colours, the same selection and the same image under the pointer. */
import { carriedOver, matchOf, translated } from "../../core/matching.js";
import { VISIBLE } from "../../core/flags.js";
import { NONE as GREY } from "../../core/palette.js";
import { paint } from "./colouring.js";
import { mark } from "./marking.js";
import { closeRow, openRow } from "./picking.js";
import { selectDrawn } from "./selecting.js";

/** @typedef {import("./initial.js").App} App */
/** @typedef {import("./initial.js").Compare} Compare */

export class Twin {
  /** @param {App} app @param {any} view MapView @param {Compare} compare */
  constructor(app, view, { data, matches, back }) {
    this.app = app;
    this.view = view;
    this.data = data;
    this.matches = matches;
    this.back = back;
    this.shown = false;
    this.destroyed = false;
    /** @type {(() => void)[]} */
    this.stops = [];
  }

  /** Show its dataset, and follow the first map from now on. @param {string|null} camera */
  async show(camera) {
    const { app, view, data } = this;
    await view.show(data, data.reducerOr(app.store.state.reducer));
    if (this.destroyed) return;
    // Only now: they may have been changed meanwhile.
    const { mode, tool, size, compare } = app.store.state;
    this.shown = true;
    view.setMode(mode, { animate: false });
    view.setTool(tool);
    view.size = size;
    if (compare?.linked) view.follow(app.view.camera);
    else if (camera) view.camera = camera;
    else view.flyTo("home", { animate: false });
    this.listen();
    paint(app);
    mark(app);
  }

  listen() {
    const { app, view } = this;
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {(detail: any) => void} */ action) => {
      const listener = (/** @type {any} */ event) => action(event.detail);
      target.addEventListener(type, listener);
      this.stops.push(() => target.removeEventListener(type, listener));
    };
    on(app.view, "hover", ({ row, layer }) => this.hovered(layer ? -1 : row));
    on(view, "hover", ({ row }) => this.pointed(row));
    on(app.view, "pick", ({ row, double }) => double && this.flyTo(row));
    on(view, "pick", (detail) => this.picked(detail));
    on(view, "select", ({ rows, mode }) => selectDrawn(app, { rows: translated(rows, this.back), mode }));
    for (const type of ["move", "rest"]) {
      on(app.view, type, () => this.lead(app.view, view));
      on(view, type, () => this.lead(view, app.view));
    }
    on(view, "rest", () => app.store.set({ other: view.camera }));
    this.stops.push(
      app.store.on(["mode"], ({ mode }) => view.setMode(mode)),
      app.store.on(["tool"], ({ tool }) => view.setTool(tool)),
      app.store.on(["size"], ({ size }) => (view.size = size)),
      app.store.on(["tint", "search", "colour"], ({ tint, search, colour }) => view.setTint(tint && !search && colour !== "none"), { now: true }),
      app.store.on(["reducer"], ({ reducer }) => this.reduce(reducer), { now: true }),
      app.store.on(["compare"], ({ compare }) => compare?.linked && this.lead(app.view, view)),
    );
  }

  /** @param {string} reducer */
  async reduce(reducer) {
    try {
      await this.view.setReduction(this.data.reducerOr(reducer));
    } catch (error) {
      if (!this.destroyed) this.app.toasts.show(`Map B stays as it is: ${/** @type {Error} */ (error).message}`, { level: "error" });
    }
  }

  /** With one camera for both, what moves in one moves in the other. @param {any} leader @param {any} follower */
  lead(leader, follower) {
    if (!this.app.store.state.compare?.linked) return;
    follower.follow(leader.camera);
    this.app.store.set({ mode: leader.mode });
  }

  /** @param {number} row of the first map */
  hovered(row) {
    this.app.store.set({ hovered: row >= 0 ? row : null });
    this.view.point(matchOf(this.matches, row));
  }

  /** @param {number} row of this map */
  pointed(row) {
    const own = matchOf(this.back, row);
    this.app.view.point(own);
    this.app.store.set({ pointed: own >= 0 ? own : null, pointedLayer: 0 });
  }

  /** @param {number} row of the first map */
  flyTo(row) {
    const own = matchOf(this.matches, row);
    if (own >= 0 && !this.app.store.state.compare?.linked) this.view.flyTo({ row: own });
  }

  /** @param {{row: number, double: boolean}} detail */
  picked({ row, double }) {
    const { app, view } = this;
    const own = matchOf(this.back, row);
    if (row >= 0 && own < 0) return app.toasts.show("This image is only on this map.");
    if (own < 0) return closeRow(app);
    if (double) view.flyTo({ row });
    return openRow(app, own, { fly: double });
  }

  /** Where an image of the first map is here, in CSS pixels. @param {number|null|undefined} row */
  place(row) {
    const own = matchOf(this.matches, row);
    return this.shown && own >= 0 ? this.view.project(own) : null;
  }

  /** @param {Uint8Array} index of the first map's images @param {Uint8Array} palette */
  setColours(index, palette) {
    if (this.shown) this.view.setColours(carriedOver(index, this.back, GREY), palette);
  }

  /** @param {Uint8Array} flags of the first map's images */
  setFlags(flags) {
    if (this.shown) this.view.setFlags(carriedOver(flags, this.back, VISIBLE));
  }

  destroy() {
    for (const stop of this.stops) stop();
    this.shown = false;
    this.destroyed = true;
    this.view.destroy();
  }
}
