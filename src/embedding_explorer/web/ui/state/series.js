// @ts-check
/** A training as a film: the same images at each epoch, gliding from one map to the next. */
import { between, commonBox, worldPlaces } from "../../core/series.js";
import { ease } from "../../core/flight.js";
import { getJson } from "../../data/api.js";
import { kept } from "../../data/kept.js";
import { MapData } from "../../data/map_data.js";
import { stopComparing } from "./comparing.js";
import { openRow } from "./picking.js";

/** @typedef {import("./initial.js").App} App */
/** @typedef {import("../../data/series.js").SeriesOfMaps} SeriesOfMaps */
/** @typedef {import("../../core/positions.js").Positions} Positions */

/** Milliseconds from one epoch to the next. */
export const STEP = 900;
// Maps behind the present one that are fetched in advance.
const AHEAD = 3;
// So long a film waits at each epoch where nothing glides.
const STILL = 700;

/** @type {Film|null} */
let film = null;

/** Begin to show a series whose map number `index` is open. @param {App} app @param {SeriesOfMaps} series @param {number} index */
export function startSeries(app, series, index) {
  stopComparing(app);
  film?.end();
  film = new Film(app, series, index);
  app.store.set({ series, moment: index, playing: false });
  film.begin().catch((error) => failed(app, error));
}

/** See one map alone again. @param {App} app */
export function stopSeries(app) {
  if (!film) return;
  film.end();
  film = null;
  app.store.set({ series: null, playing: false, moment: 0 });
}

/** Be at a moment at once, as a slider says. @param {App} app @param {number} moment */
export function seek(app, moment) {
  film?.pause();
  film?.at(moment);
}

/** Glide to the map of an epoch. @param {App} app @param {number} index */
export function glideToMap(app, index) {
  film?.pause();
  film?.glide(index);
}

/** Play from here on, or from the beginning; or stop. @param {App} app */
export function togglePlay(app) {
  if (app.store.state.playing) film?.pause();
  else film?.play();
}

/** Keep the places in step with the reduction. @param {App} app */
export function followSeries(app) {
  app.store.on(["reducer", "phase"], ({ phase }) => phase === "ready" && film?.begin().catch((error) => failed(app, error)));
}

/** @param {App} app @param {Error} error */
function failed(app, error) {
  app.toasts.show(`The maps of the epochs cannot be shown. ${error.message}`, { level: "error" });
}

export class Film {
  /** @param {App} app @param {SeriesOfMaps} series @param {number} index */
  constructor(app, series, index) {
    this.app = app;
    this.count = series.maps.length;
    this.series = series;
    this.moment = index;
    /** The map whose facts the page shows. */
    this.shown = index;
    /** By number. @type {Map<string, Promise<MapData>>} */
    this.maps = new Map([[String(index), Promise.resolve(app.store.state.data)]]);
    /** @type {Map<string, Promise<Positions>>} */
    this.places = new Map();
    /** @type {Map<string, Promise<Float32Array|null>>} */
    this.boxes = new Map();
    this.reducer = "";
    /** What the view lies between. */
    this.held = "";
    this.frame = 0;
    /** Tells whoever waits for the present glide that it has ended. */
    this.endGlide = () => {};
    /** Counted up by each wish to play or to pause. */
    this.wish = 0;
    this.timer = 0;
    this.over = false;
  }

  /** Show the present moment by the present reduction. */
  async begin() {
    const { reducer } = this.app.store.state;
    if (reducer === this.reducer) return;
    const first = this.reducer === "";
    this.reducer = reducer;
    this.held = "";
    await this.app.view.setReduction(reducer, { animate: false });
    await this.apply();
    if (first && !this.over && !this.wandered) this.app.view.flyTo("home", { animate: false });
  }

  /** Whether the reader has chosen a view of his own. */
  get wandered() {
    return new URLSearchParams(location.search).has("camera");
  }

  /** @param {number} index @returns {Promise<MapData>} */
  map(index) {
    return kept(this.maps, String(index), async () => new MapData(await getJson(`/maps/${this.series.maps[index].dataset}`)));
  }

  /** The box of the world by a reduction: known when all maps are. @param {string} reducer */
  box(reducer) {
    return kept(this.boxes, reducer, async () => {
      const maps = await Promise.all(this.series.maps.map((_, index) => this.map(index)));
      return commonBox(maps.map((map) => map.manifest.reductions[reducer].box.flat()));
    });
  }

  /** Where the images are on a map. @param {number} index @param {string} reducer */
  placesOf(index, reducer) {
    return kept(this.places, `${index} ${reducer}`, async () => {
      const [map, box] = await Promise.all([this.map(index), this.box(reducer)]);
      if (map.total !== this.app.store.state.data.total) throw new Error("The maps of this series have different images: make them again.");
      return worldPlaces(await map.positions(reducer), box);
    });
  }

  /** Put the images where they are at the present moment. */
  async apply() {
    const { reducer } = this;
    const { from, to, t } = between(this.moment, this.count);
    const wanted = `${from} ${reducer}`;
    if (this.held !== wanted) {
      const [start, end] = await Promise.all([this.placesOf(from, reducer), this.placesOf(to, reducer)]);
      // What was asked for last wins.
      if (this.over || this.reducer !== reducer || between(this.moment, this.count).from !== from) return;
      this.held = wanted;
      this.app.view.setMorph(end, start);
      this.prefetch(to);
    }
    this.app.view.morph = between(this.moment, this.count).t;
  }

  /** @param {number} index */
  prefetch(index) {
    for (let next = index + 1; next <= Math.min(index + AHEAD, this.count - 1); next += 1) this.placesOf(next, this.reducer).catch(() => undefined); // told when it is needed
  }

  /** @param {number} moment */
  at(moment) {
    this.moment = Math.min(this.count - 1, Math.max(0, moment));
    this.app.store.set({ moment: this.moment });
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.rest(), 200);
    return this.apply().catch((error) => failed(this.app, error));
  }

  /** The page's facts are those of the map that one has come to. */
  async rest() {
    const index = Math.round(this.moment);
    if (index === this.shown || Math.abs(index - this.moment) > 1e-6 || this.app.store.state.playing) return;
    const data = await this.map(index).catch(() => null); // told by `apply`
    if (!data || this.over || Math.round(this.moment) !== index) return;
    this.shown = index;
    const { store } = this.app;
    store.set({ data, manifest: data.manifest });
    document.title = `${data.manifest.name} – Embedding Explorer`;
    this.app.announce(`Epoch ${this.series.maps[index].epoch}`);
    const { picked } = store.state;
    if (picked?.layer === 0) openRow(this.app, picked.row, { list: picked.list });
  }

  /** @param {number} index @returns {Promise<void>} at the end, or when something else was asked for */
  glide(index) {
    this.halt();
    const goal = Math.min(this.count - 1, Math.max(0, index));
    if (this.app.options.reducedMotion || goal === this.moment) {
      this.at(goal);
      return Promise.resolve();
    }
    const start = this.moment;
    const begun = performance.now();
    return new Promise((done) => {
      this.endGlide = () => done();
      const step = (/** @type {number} */ now) => {
        const part = Math.min(1, Math.max(0, now - begun) / STEP);
        this.at(part === 1 ? goal : start + ease(part) * (goal - start));
        if (part === 1 || this.over) done();
        else this.frame = requestAnimationFrame(step);
      };
      this.frame = requestAnimationFrame(step);
    });
  }

  /** Stay where the present glide has come to. */
  halt() {
    cancelAnimationFrame(this.frame);
    this.endGlide();
  }

  /** @returns {Promise<void>} at the end of the film, or when something else was asked for */
  async play() {
    const wish = (this.wish += 1);
    this.app.store.set({ playing: true });
    if (this.moment >= this.count - 1) await this.at(0);
    while (wish === this.wish && this.moment < this.count - 1) await this.playOn(wish);
    // Who has paused it may glide by now, and is not to be held up.
    if (wish !== this.wish) return;
    this.pause();
    this.rest();
  }

  /** To the next map. @param {number} wish */
  async playOn(wish) {
    const next = Math.floor(this.moment + 1e-6) + 1;
    try {
      await this.placesOf(next, this.reducer);
    } catch (error) {
      if (wish !== this.wish) return;
      this.pause();
      failed(this.app, /** @type {Error} */ (error));
    }
    if (wish !== this.wish) return;
    await this.glide(next);
    if (this.app.options.reducedMotion) await new Promise((done) => setTimeout(done, STILL));
  }

  pause() {
    this.wish += 1;
    this.halt();
    this.app.store.set({ playing: false });
  }

  end() {
    this.over = true;
    this.pause();
    clearTimeout(this.timer);
    if (this.app.store.state.phase === "ready") this.app.view.setMorph(null);
  }
}
