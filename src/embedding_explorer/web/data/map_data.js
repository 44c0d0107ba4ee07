// @ts-check
/** One dataset in memory: its manifest, and positions and columns as they are asked for. */
import { decodePositions } from "../core/positions.js";
import { getBytes, getJson, request } from "./api.js";
import { kept } from "./kept.js";

/** Reductions in the order in which they are preferred when none is named. */
const PREFERRED = ["umap", "pca"];

export class MapData {
  /** @param {any} manifest of GET /maps/<hash> */
  constructor(manifest) {
    this.manifest = manifest;
    /** When the manifest arrived, on the clock of performance.now(). */
    this.openedAt = performance.now();
    /** @type {Map<string, Promise<import("../core/positions.js").Positions>>} */
    this.loadedPositions = new Map();
    /** @type {Map<string, Promise<{meta: any, values: Uint16Array|Float32Array}>>} */
    this.loadedColumns = new Map();
    /** Columns that the page made. @type {Map<string, any>} */
    this.own = new Map();
  }

  /**
   * Fetch the manifest, then the positions of one reduction.
   * @param {string} hash id of a dataset, or "main"
   * @param {{reducer?: string|null, signal?: AbortSignal}} [options] reducer: the best there is unless given
   * @returns {Promise<MapData>}
   * @throws {import("./api.js").ServerError}
   */
  static async open(hash, { reducer, signal } = {}) {
    const data = new MapData(await getJson(`/maps/${encodeURIComponent(hash)}`, { signal }));
    const first = data.reducerOr(reducer);
    if (first) await data.positions(first, { signal });
    return data;
  }

  get id() {
    return this.manifest.id;
  }

  /** Images of the dataset. @returns {number} */
  get total() {
    return this.manifest.total;
  }

  /** @returns {string[]} the best first */
  get reducers() {
    const names = Object.keys(this.manifest.reductions);
    const rank = (/** @type {string} */ name) => (PREFERRED.indexOf(name) + PREFERRED.length + 1) % (PREFERRED.length + 1);
    return names.sort((a, b) => rank(a) - rank(b));
  }

  /** The reducer asked for where the dataset has it, else the best it has. @param {string|null} [wish] @returns {string|undefined} */
  reducerOr(wish) {
    return wish && wish in this.manifest.reductions ? wish : this.reducers[0];
  }

  /**
   * @param {string} reducer
   * @param {{space?: string, signal?: AbortSignal}} [options] space "main": placed on the main dataset's map
   * @returns {Promise<import("../core/positions.js").Positions>}
   */
  positions(reducer, { space, signal } = {}) {
    return kept(this.loadedPositions, `${reducer} ${space ?? ""}`, async () => {
      const reduction = this.manifest.reductions[reducer];
      if (!reduction) throw new Error(`“${this.manifest.name}” has no ${reducer} map.`);
      const url = space ? `${reduction.url}?space=${encodeURIComponent(space)}` : reduction.url;
      return this.checked(decodePositions(await getBytes(url, { signal })));
    });
  }

  /**
   * @param {string} name
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<{meta: any, values: Uint16Array|Float32Array}>} one value per image
   */
  column(name, { signal } = {}) {
    return kept(this.loadedColumns, name, async () => {
      const meta = this.manifest.columns.find((/** @type {any} */ column) => column.name === name);
      if (!meta) throw new Error(`“${this.manifest.name}” has no column ${name}.`);
      const bytes = await getBytes(meta.url, { signal });
      const Values = meta.type === "u16" ? Uint16Array : Float32Array;
      if (bytes.byteLength !== this.total * Values.BYTES_PER_ELEMENT) throw new Error(`The column ${name} has arrived incomplete: reload the page.`);
      return { meta, values: new Values(bytes) };
    });
  }

  /** Add a column that the server does not list, in place of one of that name. @param {any} meta as in the manifest @param {Uint16Array|Float32Array} values */
  addColumn(meta, values) {
    this.own.set(meta.name, meta);
    this.loadedColumns.set(meta.name, Promise.resolve({ meta, values }));
    this.manifest = this.withOwn(this.manifest);
  }

  /** Take away a column that was added. @param {string} name */
  removeColumn(name) {
    if (!this.own.delete(name)) return;
    this.loadedColumns.delete(name);
    this.manifest = { ...this.manifest, columns: this.manifest.columns.filter((/** @type {any} */ column) => column.name !== name) };
  }

  /** @param {any} manifest */
  withOwn(manifest) {
    const others = manifest.columns.filter((/** @type {any} */ column) => !this.own.has(column.name));
    return { ...manifest, columns: [...others, ...this.own.values()] };
  }

  /** Whether there is such a column. @param {string} name */
  hasColumn(name) {
    return this.manifest.columns.some((/** @type {any} */ column) => column.name === name);
  }

  /**
   * Fetch the manifest again, because names or columns have changed; positions and columns are kept.
   * @param {AbortSignal} [signal]
   */
  async refresh(signal) {
    const known = new Map(this.manifest.columns.map((/** @type {any} */ column) => [column.name, JSON.stringify(column)]));
    this.manifest = this.withOwn(await getJson(`/maps/${this.id}`, { signal }));
    for (const column of this.manifest.columns) if (known.get(column.name) !== JSON.stringify(column)) this.loadedColumns.delete(column.name);
  }

  /** @param {import("../core/positions.js").Positions} positions */
  checked(positions) {
    if (positions.n !== this.total) throw new Error(`The server sent ${positions.n} positions for ${this.total} images: reload the page.`);
    return positions;
  }
}

/** A picture from the server, decoded beside the page's own work. @param {string} url @param {AbortSignal} [signal] @returns {Promise<ImageBitmap>} */
export async function getPicture(url, signal) {
  const blob = await (await request(url, { signal })).blob();
  return createImageBitmap(blob, { colorSpaceConversion: "none" });
}
