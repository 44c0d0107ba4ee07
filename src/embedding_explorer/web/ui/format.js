// @ts-check
/** Numbers, sizes, times and names as people read them. Pure functions. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** 1797 → "1,797". @param {number} value */
export function count(value) {
  return whole.format(value);
}

/** "1 image", "1,797 images". @param {number} value @param {string} one @param {string} [many] */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 109701385 → "110 MB". @param {number} value */
export function bytes(value) {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const scaled = value / 1000 ** power;
  const digits = power === 0 || scaled >= 99.95 ? 0 : 1;
  return `${scaled.toFixed(digits)} ${UNITS[power]}`;
}

/** A length of time: "3 s", "2 min 5 s", "1 h 4 min". @param {number} seconds */
export function duration(seconds) {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return joined(Math.floor(rounded / 60), "min", rounded % 60, "s");
  return joined(Math.floor(rounded / 3600), "h", Math.floor((rounded % 3600) / 60), "min");
}

function joined(large, unit, small, smallUnit) {
  return small ? `${large} ${unit} ${small} ${smallUnit}` : `${large} ${unit}`;
}

/** What is left to wait, coarser than it is known. @param {number|null} seconds */
export function remaining(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 1.5) return "almost done";
  if (seconds < 60) return `${seconds < 10 ? Math.ceil(seconds) : Math.ceil(seconds / 5) * 5} s left`;
  return `${duration(Math.ceil(seconds / 10) * 10)} left`;
}

/** "310 images/s", "12 MB/s". @param {number|null} perSecond @param {"bytes"|string} unit */
export function rate(perSecond, unit) {
  if (perSecond === null || !(perSecond > 0)) return "";
  if (unit === "bytes") return `${bytes(perSecond)}/s`;
  return `${perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)} ${unit}/s`;
}

/** A number of a column, coordinate or distance in few digits. @param {number} value */
export function figure(value) {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return count(value);
  const size = Math.abs(value);
  if (size >= 1000) return count(value);
  return String(Number(value.toPrecision(size >= 1 ? 4 : 3)));
}

/** A distance between images, all with the same digits so that they can be compared. @param {number} value */
export function distance(value) {
  return value < 1 ? value.toFixed(3) : figure(value);
}

/** A moment as the reader's own calendar has it. @param {string|null|undefined} iso */
export function moment(iso) {
  const date = new Date(iso ?? "");
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** The last part of a path. @param {string} path */
export function basename(path) {
  return path.split("/").pop() || path;
}

/** File name without its last ending(s): "photos.tar.gz" → "photos". @param {string} name */
export function stem(name) {
  return name.replace(/(\.tar)?\.[a-z0-9]{1,4}$/i, "") || name;
}

const METHODS = { umap: "UMAP", pca: "PCA" };

/** @param {string} reducer */
export function reducerName(reducer) {
  return METHODS[reducer] ?? reducer.toUpperCase();
}
