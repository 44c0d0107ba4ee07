import assert from "node:assert/strict";
import { test } from "node:test";
import { RateMeter } from "../../src/embedding_explorer/web/ui/state/rate.js";
import { overall, stagesOf, stageUnit } from "../../src/embedding_explorer/web/ui/state/stages.js";
import { idle, step, underWay } from "../../src/embedding_explorer/web/ui/state/work_machine.js";

const FILE = { name: "cats.zip", size: 100 };
const run = (...events) => events.reduce((work, [type, facts]) => step(work, { type, ...facts }), idle());
const chosen = ["choose", { file: FILE, options: { name: "cats" } }];
const job = (status, more = {}) => ["job", { job: { id: "j", status, ...more } }];

test("from a file to a map", () => {
  const done = run(chosen, ["start"], ["sent", { loaded: 40, total: 100 }], ["accepted", { job: { id: "j" } }], job("running"), job("done", { result: { dataset: "d" } }));
  assert.equal(done.phase, "done");
  assert.deepEqual(done.result, { dataset: "d" });
});

test("a busy server makes it wait, and it starts when the server is free", () => {
  const waiting = run(chosen, ["busy", { job: { kind: "dataset" } }]);
  assert.equal(waiting.phase, "waiting");
  assert.equal(waiting.job.kind, "dataset");
  assert.equal(step(waiting, { type: "start" }).phase, "uploading");
  assert.equal(step(waiting, { type: "cancel" }).phase, "chosen");
});

test("a race that is lost after the upload began waits too, and begins again from zero", () => {
  const lost = run(chosen, ["start"], ["sent", { loaded: 40, total: 100 }], ["busy", { job: { kind: "dataset" } }]);
  assert.deepEqual([lost.phase, lost.loaded], ["waiting", 0]);
});

test("an upload that is aborted leaves the form as it was", () => {
  const work = run(chosen, ["options", { options: { labels: true } }], ["start"], ["sent", { loaded: 40, total: 100 }], ["abort"]);
  assert.deepEqual([work.phase, work.loaded, work.options], ["chosen", 0, { name: "cats", labels: true }]);
});

test("a job that is aborted is left when the server says so", () => {
  const aborting = run(chosen, ["start"], ["accepted", { job: { id: "j" } }], ["abort"]);
  assert.deepEqual([aborting.phase, aborting.aborting], ["working", true]);
  assert.equal(step(aborting, { type: "job", job: { status: "aborted" } }).phase, "chosen");
});

test("a failure keeps file and options, so that it can be tried again", () => {
  const failed = run(chosen, ["start"], ["fail", { error: "Not an archive." }]);
  assert.deepEqual([failed.phase, failed.error, failed.file], ["failed", "Not an archive.", FILE]);
  assert.equal(step(failed, { type: "start" }).phase, "uploading");
  assert.equal(run(chosen, ["start"], ["accepted", { job: {} }], job("failed", { error: "Out of memory." })).error, "Out of memory.");
});

test("the same pictures again are answered at once", () => {
  const work = run(chosen, ["start"], ["known", { result: { dataset: "d" } }]);
  assert.deepEqual([work.phase, work.known], ["done", true]);
});

test("another file does not replace what is under way, nor can it be put away", () => {
  const work = run(chosen, ["start"]);
  assert.ok(underWay(work));
  assert.equal(step(work, { type: "choose", file: { name: "dogs.zip", size: 1 }, options: {} }), work);
  assert.equal(step(work, { type: "dismiss" }), work);
});

test("late news of an upload that was left change nothing", () => {
  const left = run(chosen, ["start"], ["abort"]);
  assert.equal(step(left, { type: "sent", loaded: 99, total: 100 }), left);
  assert.equal(step(left, { type: "accepted", job: { id: "j" } }), left);
});

test("an unknown event is a mistake of the program", () => {
  assert.throws(() => step(idle(), { type: "explode" }), /no event/);
});

test("stages come in their order, those to come included", () => {
  const stages = stagesOf({ kind: "dataset", stage: "features", stages: { features: [20, 100], unpack: [100, 100] } });
  assert.deepEqual(stages.map(({ name, state }) => [name, state]), [
    ["unpack", "done"], ["decode", "waiting"], ["tilemaps", "waiting"], ["features", "active"], ["pca", "waiting"], ["umap", "waiting"],
  ]);
  assert.deepEqual(stagesOf({ kind: "clusters", stage: "polish", stages: { polish: [1, 2] } }).map(({ name }) => name), ["polish"]);
});

test("the whole is done when all stages are", () => {
  assert.equal(overall([]), 0);
  assert.equal(overall([{ name: "a", done: 0, total: 0 }]), 0);
  assert.equal(overall([{ name: "a", done: 5, total: 5 }, { name: "umap", done: 9, total: 9 }]), 1);
});

test("unpacking counts bytes while an archive arrives, then files", () => {
  assert.equal(stageUnit("unpack", 109_701_385), "bytes");
  assert.equal(stageUnit("unpack", 1000), "files");
});

test("a rate is that of the last seconds", () => {
  const meter = new RateMeter();
  meter.push(0, 0);
  assert.equal(meter.perSecond, null);
  for (let second = 1; second <= 60; second += 1) meter.push(second * 1000, second <= 30 ? second * 10 : 300 + (second - 30) * 100);
  assert.equal(Math.round(meter.perSecond), 100);
  assert.equal(Math.round(meter.eta(3400)), 1);
});

test("a count that begins anew forgets the old rate", () => {
  const meter = new RateMeter();
  meter.push(0, 0);
  meter.push(1000, 500);
  meter.push(1100, 3);
  assert.equal(meter.perSecond, null);
  assert.equal(meter.eta(10), null);
});
