// @ts-check
/**
 * Which datasets are shown, and by which reduction. Positions take time to arrive: what was asked for last wins, in whatever
 * order the answers come.
 */

/** @typedef {import("../data/map_data.js").MapData} MapData */

export class Shown {
  /**
   * @param {import("./engine.js").Engine} engine
   * @param {(level: string, text: string) => void} notice
   * @param {() => void} [dropped] called when the overlay is given up
   */
  constructor(engine, notice, dropped = () => {}) {
    this.engine = engine;
    this.notice = notice;
    this.dropped = dropped;
    /** @type {MapData|null} */
    this.data = null;
    /** @type {MapData|null} what is drawn over it, or will be */
    this.overlay = null;
    /** @type {string|undefined} */
    this.reducer = undefined;
    /** Counted up by each wish for a dataset or a reduction, and by each for an overlay. */
    this.wishes = { map: 0, overlay: 0 };
  }

  /** @param {MapData} data @param {string} [reducer] @returns {Promise<boolean>} false: something else was asked for meanwhile */
  async show(data, reducer) {
    const name = data.reducerOr(reducer);
    if (!name) throw new Error(`“${data.manifest.name}” has no map yet.`);
    const wish = (this.wishes.map += 1);
    const positions = await data.positions(name);
    if (wish !== this.wishes.map) return false;
    this.data = data;
    this.reducer = name;
    this.overlay = null;
    this.wishes.overlay += 1;
    this.engine.show(data, positions);
    this.loadShapes(0);
    return true;
  }

  /** @param {string} reducer @param {boolean} animate @returns {Promise<void>} at the end of the glide */
  async setReduction(reducer, animate) {
    const { data, overlay, engine } = this;
    if (!data) return;
    // Also where it is the present one: it revokes a wish for another that has not arrived.
    const wish = (this.wishes.map += 1);
    if (reducer === this.reducer) return;
    const positions = await data.positions(reducer);
    const over = overlay && (await overlay.positions(reducer, { space: "main" }).catch((error) => this.refused(wish, error)));
    if (wish !== this.wishes.map) return;
    this.reducer = reducer;
    const moves = [{ set: engine.set(0), positions }];
    const second = engine.scene.set(1);
    if (over && second && overlay === this.overlay) moves.push({ set: second, positions: over });
    const end = this.move(moves, animate && !engine.pilot.reducedMotion);
    // One that was asked for meanwhile, or is still on its way, follows by itself.
    if (this.overlay && moves.length === 1) this.setOverlay(this.overlay).catch((error) => this.refused(wish, error));
    await end;
  }

  /** @param {Parameters<import("./layers.js").Layers["move"]>[0]} moves @param {boolean} animate */
  move(moves, animate) {
    const { engine } = this;
    const { atHome, scene } = engine;
    const end = engine.layers.move(moves, animate);
    scene.makeHome(scene.mode);
    if (atHome) engine.pilot.fly(scene.home, animate);
    engine.moved();
    if (!animate) engine.clock.still();
    return end;
  }

  /** @param {MapData|null} data @param {string} [reducer] @returns {Promise<void>} */
  async setOverlay(data, reducer = this.reducer) {
    const { engine } = this;
    const wish = (this.wishes.overlay += 1);
    this.overlay = data;
    const positions = data && (await this.placed(data, reducer ?? "", wish));
    if (wish !== this.wishes.overlay) return undefined;
    // The map may have taken another reduction meanwhile.
    if (data && reducer !== this.reducer) return this.setOverlay(data);
    const under = engine.scene.set(0);
    if (data && positions && under) engine.layers.put(1, data, positions, (under.to ?? under.from).positions.box);
    else engine.layers.remove(1);
    engine.moved();
    if (positions) this.loadShapes(1);
    return undefined;
  }

  /** @param {MapData} data @param {string} reducer @param {number} wish */
  placed(data, reducer, wish) {
    return data.positions(reducer, { space: "main" }).catch((error) => {
      if (wish === this.wishes.overlay) this.overlay = null;
      throw error;
    });
  }

  /** The second dataset cannot follow the map to another reduction. @param {number} wish @param {unknown} error */
  refused(wish, error) {
    if (wish !== this.wishes.map) return null;
    this.setOverlay(null);
    this.dropped();
    this.notice("warning", `The second dataset is no longer drawn: ${error instanceof Error ? error.message : error}`);
    return null;
  }

  /** Nothing that is still on its way is shown any more. */
  destroy() {
    this.wishes.map += 1;
    this.wishes.overlay += 1;
  }

  /** A failure costs only beauty. @param {number} layer */
  loadShapes(layer) {
    this.engine.layers.loadShapes(layer).catch((error) => this.engine.failed(error));
  }
}
