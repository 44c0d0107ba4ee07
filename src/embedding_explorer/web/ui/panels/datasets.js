// @ts-check
/** The datasets of the server: open, rename, make main, download, delete. */
import { send } from "../../data/api.js";
import { el, fillIn } from "../dom.js";
import { count, moment, plural } from "../format.js";
import { button, note } from "../parts/controls.js";
import { confirmDialog, openDialog, promptDialog } from "../parts/dialog.js";
import { attachPopover, menuItem, menuRule } from "../parts/popover.js";
import { openCompareDialog } from "./compare_dialog.js";
import { compareWith } from "../state/comparing.js";
import { openDataset, refreshManifest, refreshMaps } from "../state/open.js";

const DOWNLOADS = { csv: "Table as CSV", parquet: "Table as Parquet", npz: "Arrays as NPZ", zip: "Everything as ZIP" };

/** @typedef {import("../state/initial.js").App} App */

/** @param {App} app */
export function openDatasets(app) {
  const list = el("ul", { class: "dataset-list", "aria-label": "Datasets" });
  const dialog = openDialog({ title: "Datasets", body: list, testid: "datasets", kind: "wide", onclose: () => stop() });
  const stop = app.store.on(["maps", "manifest"], ({ maps, manifest }) => {
    if (!maps) return fillIn(list, el("li", { class: "skeleton dataset-skeleton" }));
    if (!maps.length) return fillIn(list, el("li", { class: "muted" }, "There is no dataset yet."));
    fillIn(list, maps.map((map) => item(app, map, map.id === manifest?.id, dialog.close)));
  }, { now: true });
  refreshMaps(app);
}

/** @param {App} app @param {any} map @param {boolean} present @param {() => void} close */
function item(app, map, present, close) {
  const open = () => {
    close();
    if (!present) openDataset(app, map.id, { push: true });
  };
  const anchor = button(`What to do with ${map.name}`, { icon: "more", kind: "quiet", only: true, testid: "dataset-menu" });
  const node = el(
    "li",
    { class: "dataset-item", "data-id": map.id },
    el(
      "button",
      { type: "button", class: "dataset-open", onclick: open, testid: "dataset-open", "aria-current": present ? "true" : null },
      preview(map),
      el("span", { class: "grow" },
        el("span", { class: "row" }, el("strong", { class: "ellipsis" }, map.name), map.main && el("span", { class: "badge accent" }, "main"), present && el("span", { class: "badge" }, "open")),
        el("span", { class: "muted small" }, facts(map))),
    ),
    anchor,
  );
  const menu = attachPopover(anchor, () => actions(app, map, present, { close: () => menu.close(), leave: close }), { label: map.name, role: "menu" });
  return node;
}

/** A picture of the map, drawn by the server. @param {any} map */
function preview(map) {
  const picture = el("img", { class: "dataset-preview", src: `/maps/${map.id}.png?width=128&height=96`, alt: "", loading: "lazy", width: 64, height: 48 });
  picture.addEventListener("error", () => picture.classList.add("missing"));
  return picture;
}

/** @param {any} map */
function facts(map) {
  return [plural(map.total, "image"), map.network, moment(map.created)].filter(Boolean).join(" · ");
}

/** @param {App} app @param {any} map @param {boolean} present @param {{close: () => void, leave: () => void}} ends of the menu, of the dialog */
function actions(app, map, present, { close, leave }) {
  const change = (body) => () => patch(app, map, body);
  return [
    app.store.state.phase === "ready" && comparison(app, map, present, { close, leave }),
    menuItem("Rename …", { icon: "pencil", testid: "dataset-rename", close, onclick: () => rename(app, map) }),
    !map.main && menuItem("Make it the main dataset", { icon: "star", testid: "dataset-main", close, onclick: change({ main: true }) }),
    menuRule(),
    ...Object.entries(DOWNLOADS).map(([format, text]) => menuItem(text, { icon: "download", close, href: `/dataset/${map.id}/export.${format}`, download: "", testid: `dataset-${format}` })),
    menuRule(),
    menuItem("Delete …", { icon: "trash", kind: "danger", testid: "dataset-delete", close, onclick: () => remove(app, map) }),
  ];
}

/** @param {App} app @param {any} map @param {boolean} present @param {{close: () => void, leave: () => void}} ends */
function comparison(app, map, present, { close, leave }) {
  const begin = () => {
    leave();
    if (present) openCompareDialog(app);
    else compareWith(app, map.id);
  };
  return menuItem(present ? "Compare with …" : "Compare with the open map", { icon: "compare", testid: "dataset-compare", close, onclick: begin });
}

/** @param {App} app @param {any} map */
async function rename(app, map) {
  const name = await promptDialog({ title: "Rename the dataset", label: "Name", value: map.name, action: "Rename" });
  if (name && name !== map.name) await patch(app, map, { name });
}

/** @param {App} app @param {any} map @param {object} body */
async function patch(app, map, body) {
  await told(app, async () => {
    await send("PATCH", `/dataset/${map.id}`, body);
    await Promise.all([refreshMaps(app), refreshManifest(app)]);
  });
}

/** @param {App} app @param {any} map */
async function remove(app, map) {
  const kept = map.images_kept ? ", the original pictures" : "";
  const text = `“${map.name}” is deleted for everybody, for ever: ${plural(map.total, "image")} with thumbnails${kept}, features and reductions, made ${moment(map.created)}.${map.main ? " It is the main dataset: clients that use it get the next one, or none." : ""}`;
  if (!(await confirmDialog({ title: "Delete the dataset?", text, action: `Delete ${count(map.total)} images`, testid: "dataset-delete-confirm" }))) return;
  await told(app, async () => {
    await send("DELETE", `/dataset/${map.id}`);
    await refreshMaps(app);
    if (app.store.state.manifest?.id === map.id) await openDataset(app, null, { push: true });
  });
}

/** @param {App} app @param {() => Promise<void>} action */
async function told(app, action) {
  try {
    await action();
  } catch (error) {
    const text = /** @type {any} */ (error).busy ? "The server works on something else right now. Try again when it is done." : /** @type {Error} */ (error).message;
    const list = document.querySelector(".dataset-list"); // a toast would lie behind the dialog's veil
    list?.previousElementSibling?.remove();
    if (list) list.before(note(text, "error"));
    else app.toasts.show(text, { level: "error" });
  }
}
