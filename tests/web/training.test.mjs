import assert from "node:assert/strict";
import { test } from "node:test";
import { BUSY, errorOf, formOf } from "../../src/embedding_explorer/web/training/data/api.js";
import { addressOf, inCell, linesOf, pathsOf } from "../../src/embedding_explorer/web/training/data/lists.js";
import { figures, found, grouped, stillThere } from "../../src/embedding_explorer/web/training/data/rows.js";
import { POLICIES, rateLines, sweepWords, values } from "../../src/embedding_explorer/web/training/data/sweep.js";
import { following, isName, nameIn } from "../../src/embedding_explorer/web/training/data/user.js";
import { newAddress, route } from "../../src/embedding_explorer/web/training/routes.js";

const ID = "20160809-103210-ccbf";

test("addresses lead to pages", () => {
  const page = (path, query) => {
    const hit = route(path, new URLSearchParams(query));
    return hit && [hit.page, hit.facts];
  };
  assert.deepEqual(page("/training"), ["home", {}]);
  assert.deepEqual(page(`/datasets/${ID}`), ["dataset", { id: ID }]);
  assert.deepEqual(page(`/models/${ID}/`), ["model", { id: ID }]);
  assert.deepEqual(page("/models/images/generic/new/image-gradients"), ["model_new", { kind: "generic", extension: "image-gradients" }]);
  assert.equal(page("/datasets/images/classification/new")[0], "dataset_new");
  assert.equal(page("/training", "new=dataset")[0], "dataset_new");
  assert.equal(page("/training", "new=constructor")[0], "home");
  assert.equal(page("/somewhere"), null);
  assert.equal(page(new URL(newAddress("model", { dataset: ID }), "http://x").pathname, newAddress("model", { dataset: ID }).split("?")[1])[0], "model_new");
});

test("both shapes of errors become sentences", () => {
  const form = errorOf(400, JSON.stringify({ errors: { dataset_name: ["This field is required."] } }));
  assert.deepEqual(form.fields, { dataset_name: ["This field is required."] });
  const owner = errorOf(403, JSON.stringify({ error: { type: "Forbidden", message: "m", description: "The job belongs to ada." } }));
  assert.deepEqual([owner.message, owner.fields, owner.later], ["The job belongs to ada.", null, false]);
  const busy = errorOf(503, '{"error": "Server is busy, please wait"}', "5");
  assert.deepEqual([busy.message, busy.later, busy.retryAfter], [BUSY, true, 5]);
  assert.ok(errorOf(401, "{}").needsName);
  assert.match(errorOf(404, '{"error": {"description": "Job not found"}}').message, /not there any more/);
  assert.equal(errorOf(400, '{"status": "This is no archive."}').message, "This is no archive.");
  assert.equal(errorOf(400, "One of 2 jobs failed.").message, "One of 2 jobs failed.");
  assert.equal(errorOf(500, "<html>").message, "The server answered 500.");
});

test("forms leave out what is not given and repeat lists", () => {
  const form = formOf({ a: 1, b: null, "job_ids[]": ["x", "y"], c: "" });
  assert.deepEqual([...form.entries()], [["a", "1"], ["job_ids[]", "x"], ["job_ids[]", "y"], ["c", ""]]);
});

test("names and cookies", () => {
  assert.deepEqual(["ada", "a.b-c_9", "Ada", "9a", "", "a".repeat(201)].map(isName), [true, true, false, false, false, false]);
  assert.equal(nameIn("theme=dark; username=ada; x=1"), "ada");
  assert.equal(nameIn("xusername=eve; username=<b>"), "");
});

test("the login leads on inside this host only", () => {
  const cases = [["/models/x?y=1", "/models/x?y=1"], ["//evil.example/", "/training"], ["/\\evil.example", "/training"], ["https://evil.example", "/training"], [null, "/training"]];
  for (const [next, wanted] of cases) assert.equal(following(next), wanted);
});

test("rows are found, grouped and put into words", () => {
  const rows = [{ id: "1", name: "LeNet", group: "b" }, { id: "2", name: "AlexNet", group: "", username: "ada" }, { id: "3", name: "LeNet two", group: "a" }];
  assert.deepEqual(found(rows, "lenet").map(({ id }) => id), ["1", "3"]);
  assert.deepEqual(found(rows, "ADA alex").map(({ id }) => id), ["2"]);
  assert.deepEqual(grouped(rows).map(([name, members]) => [name, members.length]), [["a", 1], ["b", 1], ["", 1]]);
  assert.deepEqual([...stillThere(new Set(["1", "9"]), rows)], ["1"]);
  const model = { "loss (train) last": 0.5, "loss (train) min": 0.4, "loss (val) last": 0.61234, "loss (val) min": 0.6, "accuracy (val) last": 0.8125, "accuracy (val) max": 0.9 };
  assert.deepEqual(figures(model), [{ name: "accuracy", last: "81.3 %", best: "90.0 %" }, { name: "loss", last: "0.612", best: "0.6" }]);
  assert.deepEqual(figures({ "loss (train) last": 2, "loss (train) min": 1 }), [{ name: "loss (train)", last: "2", best: "1" }]);
});

test("lists with commas say how many models they make", () => {
  assert.deepEqual(values("[0.1, 0.10,  1e-2 ]"), ["0.1", "0.01"]);
  assert.equal(sweepWords("0.01", ""), "");
  assert.equal(sweepWords("0.1, 0.01, 0.001", "16,32"), "3 learning rates × 2 batch sizes: 6 models, one after another.");
});

test("curves of rates lie over percent", () => {
  const [line] = rateLines([["Learning Rate 0", ...Array(101).fill(0.5)]], ["0.5"]);
  assert.deepEqual([line.x[0], line.x[100], line.y.length, line.name], [0, 100, 101, "from 0.5"]);
  assert.deepEqual(Object.keys(POLICIES), ["fixed", "step", "multistep", "exp", "inv", "poly", "sigmoid"]);
});

test("lists of images, and the pictures behind a cell", () => {
  assert.deepEqual(pathsOf("/a/b c.png 3\r\n\n/d.png\n/e 1.png 0\n"), ["/a/b c.png", "/d.png", "/e 1.png"]);
  assert.deepEqual([...linesOf(["/a", "/b", "/a"])], [["/a", 0], ["/b", 1]]);
  const answer = {
    classifications: { "/a": [["cat", 60]], "/b": [["dog", 90]], "/c": [["dog", 95]], "/d": [["dog", 99]] },
    ground_truths: { "/a": "cat", "/b": "cat", "/c": "cat", "/d": null },
  };
  assert.deepEqual(inCell(answer, "cat", "dog").map(({ path }) => path), ["/c", "/b"]);
  assert.equal(addressOf(`/data/jobs/${ID}/unpacked/big cat/#1.png`, "/data/jobs/"), `/files/${ID}/unpacked/big%20cat/%231.png`);
  assert.equal(addressOf("/elsewhere/x.png", "/data/jobs"), null);
});

test("a loss that went astray does not fill the table", () => {
  assert.equal(figures({ "loss (train) last": 6_590_305_193_164_800, "loss (train) min": 2.264 })[0].last, "6.6e15");
});
