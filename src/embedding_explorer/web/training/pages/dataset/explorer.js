// @ts-check
/** The pictures of a dataset, page by page, of all classes or of one. */
import { el, fillIn, setText } from "../../../ui/dom.js";
import { count, figure, plural } from "../../../ui/format.js";
import { button, note } from "../../../ui/parts/controls.js";
import { get } from "../../data/api.js";

const SIZES = ["25", "50", "100"];

/**
 * @param {any} dataset detailed JSON
 * @param {any} statistics
 * @returns {{element: HTMLElement, show: (db: string, label: number|null) => void}}
 */
export function explorer(dataset, statistics) {
  const classes = statistics.labels !== null;
  const path = classes ? "/datasets/images/classification/explore.json" : "/datasets/generic/explore.json";
  const wanted = { db: statistics.sets[0]?.db ?? "train", label: /** @type {number|null} */ (null), page: 0, size: "25" };
  const select = (/** @type {string} */ label, /** @type {[string, string][]} */ options, /** @type {(value: string) => void} */ change, /** @type {string} */ testid) => {
    const node = el("select", { class: "select", "aria-label": label, testid, onchange: () => (change(node.value), load()) }, options.map(([value, text]) => el("option", { value }, text)));
    return node;
  };
  const names = { train: "Training", val: "Validation", test: "Test" };
  const set = select("Set", statistics.sets.map((/** @type {any} */ each) => [each.db, names[each.db]]), (value) => Object.assign(wanted, { db: value, page: 0 }), "explore-set");
  const label = select("Class", [["", "All classes"], ...(statistics.labels ?? []).map((/** @type {string} */ text, /** @type {number} */ index) => [String(index), text])], (value) => Object.assign(wanted, { label: value === "" ? null : Number(value), page: 0 }), "explore-class");
  const size = select("Pictures per page", SIZES.map((each) => [each, `${each} per page`]), (value) => Object.assign(wanted, { size: value, page: 0 }), "explore-size");
  const place = el("ul", { class: "pictures", testid: "pictures" });
  const pager = el("div", { class: "row wrap pager" });
  const words = el("span", { class: "muted small", role: "status" });
  const element = el("section", { class: "card padded stack-3", "aria-label": "Pictures" },
    el("div", { class: "row wrap" }, el("h2", { class: "grow" }, "Pictures"), set, classes && label, size), place, el("div", { class: "row wrap" }, words, pager));
  let turn = 0;

  async function load() {
    const mine = (turn += 1);
    const query = new URLSearchParams({ job_id: dataset.id, db: classes ? wanted.db : `${wanted.db}_db/features`, page: String(wanted.page), size: wanted.size });
    if (wanted.label !== null) query.set("label", String(wanted.label));
    try {
      const page = await get(`${path}?${query}`);
      if (mine !== turn) return;
      const begin = page.page * page.size;
      setText(words, page.total_entries ? `${count(begin + 1)} to ${count(begin + page.images.length)} of ${plural(page.total_entries, "picture")}` : "No pictures here");
      fillIn(place, page.images.map(picture));
      fillIn(pager, pageButtons(page, (next) => ((wanted.page = next), load())));
    } catch (error) {
      fillIn(place, el("li", null, note(/** @type {Error} */ (error).message, "error")));
    }
  }
  load();
  const show = (/** @type {string} */ db, /** @type {number|null} */ index) => {
    Object.assign(wanted, { db, label: index, page: 0 });
    set.value = db;
    label.value = index === null ? "" : String(index);
    load();
    element.scrollIntoView({ block: "start" });
    label.focus({ preventScroll: true });
  };
  return { element, show };
}

/** @param {any} image */
function picture(image) {
  const text = Array.isArray(image.label) ? image.label.map(figure).join(", ") : image.label ?? `No. ${count(image.index)}`;
  return el("li", null, el("img", { src: image.image, alt: text, loading: "lazy", class: "pixels" }), el("span", { class: "ellipsis small", title: text }, text));
}

/** @param {any} page @param {(page: number) => void} go */
function pageButtons({ page, pages, total_entries: total, size }, go) {
  if (pages.length < 2) return [];
  const last = Math.ceil(total / size) - 1;
  const numbers = [...new Set([0, ...pages, last])];
  return numbers.map((number, index) => [
    index > 0 && number - numbers[index - 1] > 1 && el("span", { class: "muted" }, "…"),
    button(String(number + 1), { kind: `small${number === page ? " primary" : ""}`, title: `Page ${number + 1}`, onclick: () => go(number) })]);
}
