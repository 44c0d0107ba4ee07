// @ts-check
/** The curves of a training as large as the window, with all their points. */
import { el } from "../../ui/dom.js";
import { get } from "../data/api.js";
import { repeat } from "../data/watch.js";
import { headline, showPage, tellError } from "../ui/shell.js";
import { isActive } from "../ui/status.js";
import { graphs } from "./model/graphs.js";

const LIVE = 3000; // ms

/** @param {{query: URLSearchParams}} facts */
export async function open({ query }) {
  const id = query.get("job_id") ?? "";
  const model = await get(`/models/${id}.json`);
  const charts = graphs(Math.max(300, Math.round(innerHeight * 0.5)));
  showPage(headline(`Graphs of ${model.name}`, el("a", { class: "button", href: `/models/${model.id}` }, "The model")), charts.element);
  repeat(async () => {
    const graph = await get(`/models/${model.id}/graph.json?cull=0`);
    charts.update(graph);
    return isActive(graph.status) ? LIVE : null;
  }, { trouble: (error) => tellError(error) });
}
