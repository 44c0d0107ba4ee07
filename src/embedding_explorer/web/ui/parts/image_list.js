// @ts-check
/** Many small pictures to walk through: search results, neighbours, a selection. One sprite serves each hundred. */
import { spriteUrl } from "../../data/api.js";
import { el } from "../dom.js";
import { VirtualList } from "./virtual_list.js";

export const BATCH = 100; // pictures in one sprite; the server gives 256 at most
const SPRITE_COLUMNS = 10;

/**
 * @typedef {{row: number, file?: string, caption?: string}} ImageItem
 * @typedef {object} ImageListOptions
 * @property {string} label
 * @property {number} size px of a picture
 * @property {(item: ImageItem, index: number) => void} onopen
 * @property {(row: number|null) => void} [onhover]
 * @property {boolean} [lines] one picture a line with its file name, instead of a grid
 * @property {boolean} [captions] a line of text under each picture
 * @property {string} [testid]
 */

/** A grid or a list of pictures; arrow keys walk, Enter opens. */
export class ImageList {
  /** @param {ImageListOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {any} */
    this.manifest = null;
    /** @type {ImageItem[]} */
    this.items = [];
    this.current = -1;
    this.cell = options.size + 4;
    const rowHeight = this.cell + (options.captions ? 16 : 0);
    this.list = new VirtualList({
      rowHeight, label: options.label, kind: options.lines ? "pictures lines" : "pictures", testid: options.testid,
      columns: () => (options.lines ? 1 : Math.floor((this.list.element.clientWidth || 272) / this.cell)),
      render: (item, index) => this.#item(item, index),
    });
    this.element = this.list.element;
    this.element.addEventListener("pointerleave", () => options.onhover?.(null));
    this.element.addEventListener("focusout", () => options.onhover?.(null));
  }

  /** Show other pictures. @param {any} manifest @param {ImageItem[]} items @param {{keep?: boolean}} [options] */
  set(manifest, items, options) {
    this.manifest = manifest;
    this.items = items;
    this.list.set(items, options);
  }

  /** Mark the picture that is looked at. @param {number} row */
  mark(row) {
    this.current = row;
    for (const node of this.list.content.querySelectorAll("button")) {
      node.setAttribute("aria-current", String(Number(node.dataset.row) === row));
    }
  }

  /** @param {ImageItem} item @param {number} index */
  #item(item, index) {
    const { onopen, onhover, lines, captions } = this.options;
    const name = item.file ?? `image ${item.row}`;
    const hover = () => onhover?.(item.row);
    const node = el(
      "button",
      {
        type: "button", class: "picture", title: name, "aria-label": item.caption ? `${name}, ${item.caption}` : name, "data-row": item.row,
        "aria-current": String(item.row === this.current), onclick: () => onopen(item, index), onpointerenter: hover, onfocus: hover,
      },
      this.#thumbnail(index),
      lines && el("span", { class: "grow ellipsis" }, name),
      (lines || captions) && item.caption && el("span", { class: "caption" }, item.caption),
    );
    return el("li", null, node);
  }

  /** @param {number} index */
  #thumbnail(index) {
    const first = Math.floor(index / BATCH) * BATCH;
    const rows = this.items.slice(first, first + BATCH).map((item) => item.row);
    return thumbnail(this.manifest, rows, index - first, this.options.size);
  }
}

/**
 * One picture of a sprite, `size` px wide.
 * @param {any} manifest
 * @param {number[]} rows of the sprite
 * @param {number} index which of them
 * @param {number} size
 */
export function thumbnail(manifest, rows, index, size) {
  const { pitch, picture } = manifest.thumbnails;
  const scale = size / picture;
  const border = (pitch - picture) / 2;
  const [column, line] = [index % SPRITE_COLUMNS, Math.floor(index / SPRITE_COLUMNS)];
  const node = el("span", { class: "thumbnail" });
  node.style.width = node.style.height = `${size}px`;
  node.style.backgroundImage = `url("${spriteUrl(manifest, rows)}")`;
  node.style.backgroundSize = `${SPRITE_COLUMNS * pitch * scale}px auto`;
  node.style.backgroundPosition = `${-(column * pitch + border) * scale}px ${-(line * pitch + border) * scale}px`;
  return node;
}
