// @ts-check
/** What can be done to jobs: asked for, done, told. */
import { plural } from "../../ui/format.js";
import { confirmDialog, promptDialog } from "../../ui/parts/dialog.js";
import { call, post } from "../data/api.js";
import { tell, tellError } from "./shell.js";
import { named } from "./who.js";

/**
 * Do something that needs a name; true when it was done.
 * @param {() => Promise<any>} action
 * @param {string} [done] what to say then
 */
export async function act(action, done) {
  if (!(await named())) return false;
  try {
    await action();
    if (done) tell(done);
    return true;
  } catch (error) {
    tellError(error, () => void act(action, done));
    return false;
  }
}

/** @param {{id: string, name: string}} job */
export async function deleteJob(job) {
  const sure = await confirmDialog({ title: "Delete this job?", text: `“${job.name}” and all its files are removed from the server. A running one is stopped first.`, action: "Delete", testid: "delete" });
  return sure && act(() => call("DELETE", `/jobs/${job.id}`), `“${job.name}” is deleted.`);
}

/** @param {{id: string, name: string}} job @param {string} family */
export async function abortJob(job, family) {
  const sure = await confirmDialog({ title: "Stop this job?", text: "It ends within a few seconds. Snapshots that were written stay, and a training can be resumed from the last one.", action: "Stop it", testid: "abort" });
  return sure && act(() => post(`/${family}s/${job.id}/abort`), `“${job.name}” is being stopped.`);
}

/** @param {string[]} ids */
export async function deleteMany(ids) {
  const sure = await confirmDialog({ title: `Delete ${plural(ids.length, "job")}?`, text: "Their files are removed from the server. Datasets that models were trained on stay, unless their models go with them.", action: "Delete", testid: "delete" });
  return sure && act(() => call("DELETE", "/jobs", { "job_ids[]": ids }), `${plural(ids.length, "job")} deleted.`);
}

/** @param {string[]} ids */
export async function abortMany(ids) {
  const sure = await confirmDialog({ title: `Stop ${plural(ids.length, "job")}?`, text: "Only those that are still active can be stopped.", action: "Stop them", testid: "abort" });
  return sure && act(() => post("/abort_jobs", { "job_ids[]": ids }), "They are being stopped.");
}

/** @param {string[]} ids @param {string} [group] the one they are in now */
export async function groupMany(ids, group = "") {
  const name = await promptDialog({ title: `Group ${plural(ids.length, "job")}`, label: "Name of the group (a hyphen alone takes them out of all groups)", value: group, action: "Group", most: 200 });
  if (name === null) return false;
  const wanted = name === "-" ? "" : name;
  return act(() => post("/group", { group_name: wanted, "job_ids[]": ids }), wanted ? `Now in “${wanted}”.` : "Now without a group.");
}

/** @param {string} id @param {Record<string, string>} fields job_name, job_notes */
export function editJob(id, fields) {
  return act(() => call("PUT", `/jobs/${id}`, fields), "Saved.");
}
