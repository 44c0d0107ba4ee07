// @ts-check
/** All datasets, models and pretrained models: what runs, what there is, what can be made. */
import { el, fillIn, setText, show } from "../../ui/dom.js";
import { count, plural } from "../../ui/format.js";
import { button, segmented } from "../../ui/parts/controls.js";
import { icon } from "../../ui/parts/icons.js";
import { attachPopover, menuItem } from "../../ui/parts/popover.js";
import { get } from "../data/api.js";
import { found, stillThere } from "../data/rows.js";
import { repeat } from "../data/watch.js";
import { newAddress } from "../routes.js";
import { abortMany, deleteMany, groupMany } from "../ui/actions.js";
import { headline, showPage, tellError } from "../ui/shell.js";
import { openUpload } from "./home/pretrained_upload.js";
import { runningCards } from "./home/running.js";
import { table } from "./home/table.js";

const LIVE = 1500; // ms while something runs
const QUIET = 8000; // ms while nothing does
const TABS = { datasets: "Datasets", models: "Models", pretrained_models: "Pretrained" };

/** @param {{query: URLSearchParams}} facts */
export async function open({ query }) {
  const asked = query.get("tab") ?? "";
  const page = new Home(Object.hasOwn(TABS, asked) ? asked : "");
  showPage(page.element);
  page.watch = repeat(() => page.refresh(), { trouble: (error) => tellError(error) });
  tellServer(page.server);
}

/** @param {HTMLElement} place */
async function tellServer(place) {
  try {
    const { server_name: name, version, gpus_total: gpus, gpus_available: free } = await get("/index.json");
    const hardware = gpus ? `${free} of ${plural(gpus, "GPU")} free` : "no GPU: trains on the processor";
    setText(place, [name, `version ${version}`, hardware].filter(Boolean).join(" · "));
  } catch (error) {
    tellError(error);
  }
}

class Home {
  /** @param {string} tab empty: the first one that has something */
  constructor(tab) {
    this.tab = tab;
    this.data = /** @type {any} */ (null);
    this.chosen = new Set();
    this.watch = /** @type {any} */ (null);
    this.server = el("p", { class: "muted small" }, "\u00a0");
    this.running = runningCards();
    this.search = el("input", { class: "input", type: "search", placeholder: "Search name, group, owner, state", "aria-label": "Search jobs", testid: "search", oninput: () => this.draw() });
    this.tabs = segmented({ label: "What to list", choices: this.#choices(), onchange: (value) => this.choose(value) });
    this.list = el("div", { testid: "list" });
    this.bar = this.#selectionBar();
    this.element = el("div", { class: "stack-3" },
      headline("Training", this.#makers()), this.server, this.running.element,
      el("div", { class: "row wrap list-head" }, this.tabs.element, el("div", { class: "grow search-field" }, this.search)), this.bar.element, this.list);
  }

  #choices() {
    const size = (/** @type {string} */ name) => (this.data ? ` ${count(this.data[name].length)}` : "");
    return Object.entries(TABS).map(([value, label]) => ({ value, label: `${label}${size(value)}`, testid: `tab-${value}` }));
  }

  #makers() {
    const other = button("More to make", { icon: "more", only: true, testid: "make-more" });
    const link = (/** @type {string} */ label, /** @type {any} */ what, /** @type {any} */ more) => menuItem(label, { href: newAddress(what, more) });
    const menu = attachPopover(other, () => [
      link("Dataset of gradients", "generic-dataset", { extension: "image-gradients" }),
      link("Dataset of image pairs", "generic-dataset", { extension: "image-processing" }),
      link("Model on such a dataset", "generic-model", {}),
      menuItem("Upload a pretrained model", { icon: "upload", testid: "upload-pretrained", onclick: () => (menu.close(), openUpload(() => (this.choose("pretrained_models"), this.watch.now()))) }),
      menuItem("Model store", { icon: "download", href: "/store/list" }),
    ], { label: "More to make", role: "menu" });
    return el("div", { class: "row" },
      el("a", { class: "button primary", href: newAddress("dataset"), "data-testid": "new-dataset" }, icon("plus"), "New dataset"),
      el("a", { class: "button", href: newAddress("model"), "data-testid": "new-model" }, icon("plus"), "New model"), other, menu.element);
  }

  #selectionBar() {
    const words = el("span", { class: "grow", role: "status" });
    const ids = () => [...this.chosen];
    const after = async (/** @type {Promise<any>} */ done) => (await done) && this.watch.now();
    const element = el("div", { class: "card selection-bar row wrap", testid: "selection" }, words,
      button("Group", { kind: "small", testid: "group-chosen", onclick: () => after(groupMany(ids())) }),
      button("Stop", { kind: "small", testid: "abort-chosen", onclick: () => after(abortMany(ids())) }),
      button("Delete", { icon: "trash", kind: "small danger", testid: "delete-chosen", onclick: () => after(deleteMany(ids())) }),
      button("Choose none", { icon: "close", kind: "small quiet", only: true, onclick: () => (this.chosen.clear(), this.draw()) }));
    show(element, false);
    return { element, draw: () => (show(element, this.chosen.size > 0), setText(words, `${plural(this.chosen.size, "job")} chosen`)) };
  }

  /** @param {string} tab */
  choose(tab) {
    this.tab = tab;
    this.chosen.clear();
    history.replaceState(null, "", `?tab=${tab}`);
    this.draw();
  }

  async refresh() {
    const data = await get("/completed_jobs.json");
    const active = (/** @type {string} */ type) => data.running.filter((/** @type {any} */ row) => row.type === type);
    this.running.update(data.running);
    data.datasets = [...active("dataset"), ...data.datasets];
    data.models = [...active("model"), ...data.models];
    if (!this.tab) this.tab = data.models.length ? "models" : "datasets";
    const before = JSON.stringify(this.data);
    this.data = data;
    if (before !== JSON.stringify(data)) this.draw();
    return data.running.length ? LIVE : QUIET;
  }

  draw() {
    if (!this.data) return;
    this.tabs.setChoices(this.#choices());
    this.tabs.set(this.tab);
    const rows = this.data[this.tab];
    this.chosen = stillThere(this.chosen, rows);
    const focused = document.activeElement instanceof HTMLElement && this.list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const names = Object.fromEntries(this.data.datasets.map((/** @type {any} */ { id, name }) => [id, name]));
    fillIn(this.list, table(this.tab, found(rows, this.search.value), { chosen: this.chosen, changed: () => this.bar.draw(), datasets: names, searched: this.search.value.trim() !== "" }));
    if (focused) /** @type {HTMLElement|null} */ (this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
    this.bar.draw();
  }
}
