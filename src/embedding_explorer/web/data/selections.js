// @ts-check
/** Named selections, kept by the browser for each dataset: a name, a colour and a bit mask of rows. */

/**
 * @typedef {{name: string, colour: string, mask: string, size: number}} NamedSelection mask: base64 of a little-endian
 *   bit mask; size: how many rows it holds
 */

const PREFIX = "explorer.selections.";
// Browsers give a site about 5 MB; these bounds keep selections within it and the list readable.
export const MAX_SELECTIONS = 50;
export const MAX_NAME = 80;
export const MAX_BYTES = 2_000_000;
const COLOUR = /^#[0-9a-f]{6}$/i;
const MASK = /^[A-Za-z0-9+/]*={0,2}$/;

/** Selections of one dataset. `storage` is a `Storage` or something like it. */
export class SelectionShelf {
  /** @param {Pick<Storage, "getItem"|"setItem"|"removeItem">|null} storage @param {string} dataset id */
  constructor(storage, dataset) {
    this.storage = storage;
    this.key = PREFIX + dataset;
    /** @type {NamedSelection[]} */
    this.list = this.#read();
  }

  /**
   * Keep a selection under a name; one of the same name is replaced.
   * @param {NamedSelection} selection
   */
  save(selection) {
    const name = cleanName(selection.name);
    const rest = this.list.filter((each) => each.name !== name);
    if (rest.length >= MAX_SELECTIONS) throw new Error(`There are ${MAX_SELECTIONS} selections already. Delete one first.`);
    this.#write([...rest, { ...selection, name }]);
  }

  /** @param {string} from @param {string} to */
  rename(from, to) {
    const name = cleanName(to);
    if (name !== from && this.list.some((each) => each.name === name)) throw new Error(`There is a selection “${name}” already.`);
    this.#write(this.list.map((each) => (each.name === from ? { ...each, name } : each)));
  }

  /** @param {string} name */
  remove(name) {
    this.#write(this.list.filter((each) => each.name !== name));
  }

  /** A name that is not taken: "Selection 3". */
  freeName() {
    const taken = new Set(this.list.map((each) => each.name));
    for (let number = 1; ; number += 1) if (!taken.has(`Selection ${number}`)) return `Selection ${number}`;
  }

  /** @param {NamedSelection[]} list */
  #write(list) {
    const text = JSON.stringify(list);
    if (text.length > MAX_BYTES) throw new Error("The selections of this dataset take too much space. Delete one first.");
    if (this.storage) {
      try {
        this.storage.setItem(this.key, text);
      } catch {
        throw new Error("The browser has no more space for selections. Delete some, or export this one.");
      }
    }
    this.list = list;
  }

  #read() {
    try {
      const list = JSON.parse(this.storage?.getItem(this.key) ?? "[]");
      return Array.isArray(list) ? list.filter(isSelection).slice(0, MAX_SELECTIONS) : [];
    } catch {
      return []; // what another program left there is not worth an error
    }
  }
}

/** @param {string} name */
function cleanName(name) {
  const clean = name.trim().replace(/\s+/g, " ").slice(0, MAX_NAME);
  if (!clean) throw new Error("A selection needs a name.");
  return clean;
}

/** @param {any} value @returns {value is NamedSelection} */
function isSelection(value) {
  return (
    typeof value?.name === "string" && COLOUR.test(value.colour) && typeof value.mask === "string" &&
    MASK.test(value.mask) && Number.isInteger(value.size)
  );
}

/** The browser's own storage; null where it is forbidden. @returns {Storage|null} */
export function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
