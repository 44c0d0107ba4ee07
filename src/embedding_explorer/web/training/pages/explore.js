// @ts-check
/** The pictures of a dataset alone, at the address that the contract has for them. */
import { el } from "../../ui/dom.js";
import { get } from "../data/api.js";
import { headline, showPage } from "../ui/shell.js";
import { explorer } from "./dataset/explorer.js";

/** @param {{query: URLSearchParams}} facts */
export async function open({ query }) {
  const id = query.get("job_id") ?? "";
  const [dataset, statistics] = await Promise.all([get(`/datasets/${id}.json`), get(`/datasets/${id}/statistics.json`)]);
  const { element, show } = explorer(dataset, statistics);
  showPage(headline(`Pictures of ${dataset.name}`, el("a", { class: "button", href: `/datasets/${dataset.id}` }, "The dataset")), element);
  const label = query.get("label");
  if (query.get("db") || label) show(/train|val|test/.exec(query.get("db") ?? "")?.[0] ?? "train", label && /^\d+$/.test(label) ? Number(label) : null);
}
