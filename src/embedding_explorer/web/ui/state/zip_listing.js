// @ts-check
/**
 * What a ZIP holds, read from its end without unpacking: how many pictures, in which top-level folders. It only serves to
 * suggest options before an upload; the server decides what is in it. Source: PKWARE APPNOTE 6.3.10, sections 4.3.12, 4.3.16.
 */

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_SIZE = 22;
const ENTRY_SIZE = 46;
const MAX_COMMENT = 65_535;
const MAX_DIRECTORY = 32 << 20; // bytes; 100,000 files need about 10 MB
const PICTURE = /\.(jpe?g|png|gif|webp|bmp|tiff?|avif|heic|ppm|pgm)$/i;
const HIDDEN = /(^|\/)(__MACOSX|\.)/;

/**
 * @typedef {object} Listing
 * @property {number} top pictures outside folders
 * @property {number} inside pictures right inside top-level folders
 * @property {number} deeper pictures farther down, which an upload never uses
 * @property {string[]} folders top-level ones with pictures right inside
 */

/**
 * @param {Blob} file
 * @returns {Promise<Listing|null>} null for what is no plain ZIP
 */
export async function listZip(file) {
  const tail = await part(file, Math.max(0, file.size - END_SIZE - MAX_COMMENT), file.size);
  const end = findEnd(tail);
  if (!end || end.size > MAX_DIRECTORY || end.offset + end.size > file.size) return null;
  return listingOf(entryNames(await part(file, end.offset, end.offset + end.size)));
}

/** @param {Blob} file @param {number} from @param {number} to */
async function part(file, from, to) {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

/**
 * Where the central directory lies.
 * @param {Uint8Array} tail the last bytes of a file
 * @returns {{offset: number, size: number}|null} null without one, and for ZIP64, which this does not read
 */
export function findEnd(tail) {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tail.length - END_SIZE; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    const [size, offset] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
    return offset === 0xffffffff ? null : { offset, size };
  }
  return null;
}

/** @param {Uint8Array} directory @returns {string[]} */
export function entryNames(directory) {
  const view = new DataView(directory.buffer, directory.byteOffset, directory.byteLength);
  const decoder = new TextDecoder();
  const names = [];
  for (let at = 0; at + ENTRY_SIZE <= directory.length && view.getUint32(at, true) === ENTRY_SIGNATURE; ) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    names.push(decoder.decode(directory.subarray(at + ENTRY_SIZE, at + ENTRY_SIZE + name)));
    at += ENTRY_SIZE + name + extra + comment;
  }
  return names;
}

/** @param {string[]} names @returns {Listing} */
export function listingOf(names) {
  const paths = names.filter((name) => PICTURE.test(name) && !HIDDEN.test(name)).map((name) => name.split("/"));
  const of = (depth) => paths.filter((path) => path.length === depth);
  const folders = [...new Set(of(2).map(([folder]) => folder))];
  return { top: of(1).length, inside: of(2).length, deeper: paths.length - of(1).length - of(2).length, folders };
}

/** How many pictures become images. @param {Listing} listing @param {boolean} labels whether top-level folders are labels */
export function usedOf({ top, inside }, labels) {
  return labels ? top + inside : top;
}

/** Whether top-level folders look like labels, or hold the only pictures there are. @param {Listing|null} listing */
export function suggestsLabels(listing) {
  return listing !== null && (listing.folders.length > 1 || listing.inside > listing.top);
}
