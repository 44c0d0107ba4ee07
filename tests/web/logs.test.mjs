import assert from "node:assert/strict";
import { test } from "node:test";
import { axisText, marksOf, short, span } from "../../src/embedding_explorer/web/charts/axes.js";
import { lowerBound, nearestIndex, smooth, thinned } from "../../src/embedding_explorer/web/charts/points.js";
import { LogError, Logs, payload } from "../../src/embedding_explorer/web/logs/data/api.js";
import { arrival, showsLogs } from "../../src/embedding_explorer/web/logs/data/arrival.js";
import { Book } from "../../src/embedding_explorer/web/logs/data/book.js";
import { grouped, matcher, runsWith, shortTag } from "../../src/embedding_explorer/web/logs/data/categories.js";
import { above, graphsOf, indexOf, inside, layout, search } from "../../src/embedding_explorer/web/logs/data/graph.js";
import { histogramsOf, ridgesOf } from "../../src/embedding_explorer/web/logs/data/histograms.js";
import { passing, sessionsOf, sorted } from "../../src/embedding_explorer/web/logs/data/hparams.js";
import { classesOf, positionsOf } from "../../src/embedding_explorer/web/logs/data/points.js";
import { csvOf, placed, quoted, scalarsOf } from "../../src/embedding_explorer/web/logs/data/series.js";
import { quartiles, tensorOf } from "../../src/embedding_explorer/web/logs/data/tensor.js";
import { nextWait } from "../../src/embedding_explorer/web/logs/data/watch.js";
import { soundWords } from "../../src/embedding_explorer/web/logs/data/words.js";
import { numbers } from "./samples.mjs";

const f = (...values) => Float64Array.from(values);

test("smoothing is TensorBoard's: the moving average by the sum of its weights", () => {
  const values = f(4, 0, NaN, 2, 8);
  // Weights of a value k steps back are 0.75^k; the mean of what is there so far.
  const wanted = (...past) => past.reduce((sum, value, age) => sum + value * 0.75 ** age, 0) / past.reduce((sum, _, age) => sum + 0.75 ** age, 0);
  const found = smooth(values, 0.75);
  assert.equal(found[0], 4);
  for (const [index, mean] of [[1, wanted(0, 4)], [3, wanted(2, 0, 4)], [4, wanted(8, 2, 0, 4)]]) assert.ok(Math.abs(found[index] - mean) < 1e-12);
  assert.ok(Number.isNaN(found[2]));
  assert.equal(smooth(values, 0), values);
});

test("on the axis of steps what a second start wrote again counts, on the others everything stays", () => {
  const scalars = scalarsOf([[10, 0, 5], [11, 1, 4], [12, 2, 3], [20, 1, 40], [21, 2, null]]);
  const steps = placed(scalars, "step");
  assert.deepEqual([...steps.x], [0, 1, 2]);
  assert.deepEqual([...steps.y], [5, 40, NaN]);
  assert.deepEqual([...placed(scalars, "relative").x], [0, 1, 2, 10, 11]);
  assert.deepEqual([...placed(scalars, "wall").x], [10, 11, 12, 20, 21]);
  assert.deepEqual([...placed(scalarsOf([[5, 1, 1], [3, 2, 2]]), "wall").y], [2, 1]);
});

test("a thinned line keeps ends, extremes and gaps, and few points", () => {
  const next = numbers(3);
  const x = Float64Array.from({ length: 100_000 }, (_, index) => index);
  const y = x.map(() => next());
  y[5000] = 9;
  y[70_000] = -9;
  y[40_000] = NaN;
  const kept = thinned(x, y, (value) => value / 250, [0, 99_999]);
  assert.ok(kept.length < 1700 && kept.length > 800);
  assert.ok([0, 5000, 70_000, 99_999].every((index) => kept.includes(index)));
  assert.equal(kept.filter((index) => index < 0).length, 1);
  assert.ok(kept.filter((index) => index >= 0).every((index, at, all) => at === 0 || index > all[at - 1]));
  assert.deepEqual(thinned(f(0, 1, 2, 3, 4), f(1, 1, 1, 1, 1), (value) => 100 * value, [2, 2]), [1, 2, 3]);
});

test("values are found by their place", () => {
  assert.deepEqual([0, 1, 1.4, 1.6, 9].map((wanted) => nearestIndex(f(1, 2, 4), wanted)), [0, 0, 0, 1, 2]);
  assert.equal(nearestIndex(f(), 1), -1);
  assert.deepEqual([0, 2, 3, 5].map((wanted) => lowerBound(f(1, 2, 4), wanted)), [0, 1, 2, 3]);
});

test("times and steps in words", () => {
  assert.deepEqual([0.5, 59, 61, 3600, 7380, 90_000].map(span), ["0.5 s", "59 s", "1 min 1 s", "1 h", "2 h 3 min", "1 d 1 h"]);
  assert.equal(axisText("step", 1200), "step 1,200");
  assert.deepEqual(marksOf("relative", { low: 0, high: 600 }, 5).map(({ text }) => text), ["0 s", "2 min", "4 min", "6 min", "8 min", "10 min"]);
  assert.deepEqual(marksOf("step", { low: 0, high: 3 }, 9).map(({ at }) => at), [0, 1, 2, 3]);
  assert.deepEqual([20_000, 1_500_000, 0.00001, 0.25].map(short), ["20k", "1.5M", "1e-5", "0.25"]);
});

test("CSV holds every value as it was logged, and no formula", () => {
  const text = csvOf([{ run: 'a "b", c', scalars: scalarsOf([[1.5, 3, 0.10000000149011612], [2, 4, null]]) }]);
  assert.equal(text, 'run,wall_time,step,value\r\n"a ""b"", c",1.5,3,0.10000000149011612\r\n"a ""b"", c",2,4,NaN\r\n');
  assert.equal(quoted("=1+1"), "'=1+1");
});

test("tags of several runs come together, in groups, filtered by a pattern or by text", () => {
  const categories = { a: { scalar: { loss: ["loss/train", "loss/val"] }, media: { image: ["x"] } }, b: { scalar: { loss: ["loss/train"], ü: ["ü"] } } };
  assert.deepEqual(grouped(categories, ["a", "b"], "scalar"), [
    { name: "loss", tags: [{ tag: "loss/train", runs: ["a", "b"] }, { tag: "loss/val", runs: ["a"] }] }, { name: "ü", tags: [{ tag: "ü", runs: ["b"] }] }]);
  assert.deepEqual(grouped(categories, ["a", "b"], "scalar", matcher("TRAIN$"))[0].tags.length, 1);
  assert.deepEqual(["a(b", "ab"].map(matcher("a(")), [true, false]);
  assert.deepEqual(runsWith(categories, "image"), ["a"]);
  assert.deepEqual(["loss/train", "/x", "a/", "a/b/c"].map(shortTag), ["train", "/x", "a/", "b/c"]);
});

test("histograms keep their counts on common bins", () => {
  const rows = [[0, 1, -1, 1, [[-1, -3, 0], [-1, 0, 10], [0, 1, 30]]], [0, 2, 2, 3, [[2, 2, 5], [2, 3, 8]]]];
  const { low, high, rows: found } = ridgesOf(histogramsOf(rows), 8);
  assert.deepEqual([low, high], [-1, 3]);
  assert.deepEqual([...found[0].counts], [5, 5, 15, 15, 0, 0, 0, 0]);
  assert.deepEqual([...found[1].counts], [0, 0, 0, 0, 0, 0, 9, 4]);
  assert.equal(ridgesOf([], 4).rows.length, 0);
});

test("sessions of several runs share columns, sort and filter", () => {
  const session = (name, lr, opt) => ({ [name]: { hparams: [{ name: "lr", data: lr }, { name: "opt", data: opt }], start_time_secs: 0 } });
  const sessions = sessionsOf([
    { run: "a", data: { hparamsInfo: [session("s1", 0.1, "sgd"), session("s2", 0.001, "adam")], metrics: [{ tag: "acc", value: [0.5, null] }] } },
    { run: "b", data: { hparamsInfo: [session("s3", 0.01, "sgd")], metrics: [{ tag: "acc", value: [0.9] }] } },
    { run: "c", data: null }]);
  assert.deepEqual(sessions.names, ["a / s1", "a / s2", "b / s3"]);
  assert.deepEqual(sessions.columns.map(({ label, log }) => [label, log]), [["lr", true], ["opt", false], ["acc", false]]);
  assert.deepEqual(sorted(sessions, "metric acc", -1), [2, 0, 1]);
  assert.deepEqual(sorted(sessions, "hparam lr", 1), [1, 2, 0]);
  assert.deepEqual(passing(sessions, { "hparam opt": { range: [0.6, 1.4] }, "metric acc": { range: [0.6, Infinity] } }), [false, false, true]);
});

test("graphs are read in both spellings, laid out from left to right, circles included", () => {
  const node = (uid, targets = [], sub_net = []) => ({ label: uid.split("/").pop(), parent: uid.split("/").slice(0, -1).join("/"), uid, op: "aten::relu", layer: 1, attrs: {}, targets: targets.map((id) => ({ id, info: "" })), sub_net });
  const net = [node("a", ["b", "c"]), node("b", ["d"], [node("b/inner", [], [node("b/inner/leaf")])]), node("c", ["d", "elsewhere"]), node("d", ["b"]), node("e")];
  const { graphs } = graphsOf({ net: JSON.stringify(net), operator: "[]" });
  assert.equal(graphs.length, 1);
  assert.equal(graphsOf({ net: JSON.stringify([net, net]), operator: "[]" }).graphs.length, 2);
  const drawn = layout(graphs[0]);
  const x = Object.fromEntries(drawn.nodes.map((place) => [place.node.uid, place.x]));
  assert.ok(x.a < x.b && x.a < x.c && x.c < x.d && x.e === x.a);
  assert.equal(drawn.edges.length, 5);
  assert.equal(new Set(drawn.nodes.map((place) => `${place.x} ${place.y}`)).size, 5);
  const index = indexOf(graphs[0]);
  assert.deepEqual(above(index, "b/inner/leaf").map(({ uid }) => uid), ["b", "b/inner"]);
  assert.equal(inside(index.get("b")), 2);
  assert.deepEqual(search(index, "LEAF", 5).map(({ uid }) => uid), ["b/inner/leaf"]);
  const chain = Array.from({ length: 20_000 }, (_, at) => node(`n${at}`, [`n${at + 1}`]));
  assert.equal(layout(chain).nodes.length, 20_000);
});

test("points become positions, labels classes", () => {
  const positions = positionsOf([[1, -2], [3, 4]]);
  assert.deepEqual([...positions.box], [1, -2, 0, 3, 4, 0]);
  const { classes, index } = classesOf([10, 9, 10]);
  assert.deepEqual(classes, [{ label: "9", total: 1 }, { label: "10", total: 2 }]);
  assert.deepEqual([...index], [1, 0, 1]);
  assert.deepEqual(classesOf(["b", "a", "b"]).classes.map(({ label }) => label), ["b", "a"]);
});

test("quartiles follow the midpoint rule, whiskers end at values", () => {
  const found = quartiles([1, 2, 3, 4, null, 100]);
  assert.deepEqual(found, { q1: 2, q2: 3, q3: 4, least: 1, most: 100, up: 7, down: 1 });
  assert.equal(quartiles([1, 2]).q1, 1.5);
  assert.deepEqual(tensorOf([[3], 0, 2, 1, [0, 1, 2]]).rows, [[0, 1, 2]]);
});

test("one waits longer while nothing changes and where answers take long", () => {
  assert.ok(nextWait(2500, false, 10) > 2500);
  assert.equal(nextWait(9000, true, 10), 2500);
  assert.equal(nextWait(10_000, false, 10), 10_000);
  assert.equal(nextWait(2500, true, 5000), 40_000);
});

test("labels that the API makes are told in English, others as they are", () => {
  assert.equal(soundWords("采样率: 44100.0, 声道: 1, 帧长度: 800"), "44,100 Hz, 1 channel, 800 frames");
  assert.equal(soundWords("a cat"), "a cat");
});

test("an answer that still holds is the same value; a failure has the server's words", async () => {
  const asked = [];
  let etag = '"1"';
  globalThis.fetch = async (url, options) => {
    asked.push([url, options.credentials]);
    return new Response(JSON.stringify({ code: 200, msg: "ok", data: { n: asked.length } }), { headers: { ETag: etag } });
  };
  const logs = new Logs("ada", "a/b?ü");
  const first = await logs.get("scalar", { run: ".", tag: "loss & more" });
  assert.equal(await logs.get("scalar", { run: ".", tag: "loss & more" }), first);
  etag = '"2"';
  assert.notEqual(await logs.get("scalar", { run: ".", tag: "loss & more" }), first);
  const query = new URL(asked[0][0], "http://x").searchParams;
  assert.deepEqual([query.get("id"), query.get("trainJobName"), query.get("tag"), query.get("dialect"), asked[0][1]], ["ada", "a/b?ü", "loss & more", "doc", "omit"]);
  assert.throws(() => payload({ code: 500, msg: "no data found", data: "" }), (error) => error instanceof LogError && error.message === "no data found");
});

test("a dataset is opened without waiting until it is read, and its session is kept", async () => {
  const asked = [];
  globalThis.fetch = async (url) => {
    asked.push(new URL(url, "http://x").searchParams);
    return new Response(JSON.stringify({ code: 200, msg: "ok", data: { msg: "success", session_id: "s", progress: 0.5 } }));
  };
  const logs = new Logs("ada", "job");
  assert.equal((await logs.open()).progress, 0.5);
  await logs.open();
  assert.deepEqual(asked.map((query) => [query.get("wait"), query.get("session_id")]), [["0", null], ["0", "s"]]);
});

test("of very many runs the last ones by name are chosen at first, which most often are the newest", async () => {
  Object.assign(globalThis, { location: { pathname: "/logs" }, history: { replaceState() {} } });
  const runs = Array.from({ length: 50 }, (_, index) => `2026-11-21_${String(index).padStart(2, "0")}`);
  const logs = { get: async () => Object.fromEntries(runs.map((run) => [run, {}])) };
  const book = new Book(/** @type {any} */ (logs), "");
  await book.look();
  assert.deepEqual(book.chosen, runs.slice(10));
});

test("an empty page waits for the first log, through a server that is away for a moment", async () => {
  const pages = ['<main data-whole="no"><ul id="datasets">', null, '<main data-whole="yes">'];
  const asked = [];
  const fetch = async (address) => {
    asked.push(address);
    const markup = pages[asked.length - 1];
    if (markup === null) throw new TypeError("Failed to fetch");
    return { text: async () => markup };
  };
  Object.assign(globalThis, { location: { href: "/logs?run=7" }, document: { hidden: false }, fetch });
  await arrival();
  assert.deepEqual(asked, ["/logs?run=7", "/logs?run=7", "/logs?run=7"]);
  assert.ok(showsLogs('<ul id="datasets">\n<li><a href="/logs/ada/job">'));
});
