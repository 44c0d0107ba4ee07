// @ts-check
/** Models that others offer: looked at, and fetched. */
import { el, fillIn } from "../../ui/dom.js";
import { button } from "../../ui/parts/controls.js";
import { get } from "../data/api.js";
import { act } from "../ui/actions.js";
import { headline, showPage, tellError } from "../ui/shell.js";

/** Opens the page. */
export async function open() {
  const list = el("div", { class: "stack-3" }, el("p", { class: "muted", role: "status" }, "Asking the stores…"));
  const load = async (/** @type {boolean} */ fresh) => {
    try {
      fillIn(list, stores(await get(`/store/models${fresh ? "?refresh=1" : ""}`)));
    } catch (error) {
      tellError(error, () => void load(fresh));
    }
  };
  showPage(headline("Model store", button("Ask again", { onclick: () => load(true) })), list);
  await load(false);
}

/** @param {Record<string, any>} found */
function stores(found) {
  const all = Object.values(found);
  if (!all.length) return el("div", { class: "card empty" }, el("p", null, "No store is set up on this server, or none can be reached. Its operator names them in ", el("code", null, "DIGITS_MODEL_STORE_URL"), "; a store is a web folder with models in it."));
  return all.map((store) => el("section", { class: "card padded stack-3", "aria-label": store.base_url }, el("h2", null, store.base_url), store.welcome_msg && el("p", { class: "muted" }, store.welcome_msg),
    el("div", { class: "table-scroll" }, el("table", { class: "table" }, el("thead", null, el("tr", null, ["Model", "Framework", "Made by", ""].map((name) => el("th", { scope: "col" }, name)))), el("tbody", null, store.model_list.map(row))))));
}

/** @param {any} model */
function row({ id, dir_name: folder, info, aux }) {
  const fetchIt = button("Fetch", { icon: "download", kind: "small", onclick: async () => {
    fetchIt.disabled = true;
    await act(async () => location.assign(`/pretrained_models/${String(await get(`/store/push?id=${encodeURIComponent(id)}`)).trim()}`));
    fetchIt.disabled = false;
  } });
  return el("tr", null, el("th", { scope: "row" }, info?.name ?? folder, aux?.note && el("span", { class: "muted small block" }, aux.note)), el("td", null, info?.framework ?? ""), el("td", null, info?.username ?? ""), el("td", null, fetchIt));
}
