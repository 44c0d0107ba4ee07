import assert from "node:assert/strict";
import { test } from "node:test";
import { basename, bytes, count, distance, duration, figure, plural, rate, remaining, stem } from "../../src/embedding_explorer/web/ui/format.js";

test("counts and their nouns", () => {
  assert.equal(count(202599), "202,599");
  assert.equal(plural(1, "image"), "1 image");
  assert.equal(plural(2, "match", "matches"), "2 matches");
});

test("sizes", () => {
  const sizes = [[0, "0 bytes"], [999, "999 bytes"], [1000, "1.0 kB"], [109_701_385, "110 MB"], [2_147_483_648, "2.1 GB"], [99_960, "100 kB"]];
  for (const [size, text] of sizes) assert.equal(bytes(size), text);
});

test("lengths of time", () => {
  for (const [seconds, text] of [[0, "0 s"], [59, "59 s"], [60, "1 min"], [125, "2 min 5 s"], [3840, "1 h 4 min"]]) assert.equal(duration(seconds), text);
});

test("what is left is told no more exactly than it is known", () => {
  for (const [seconds, text] of [[null, ""], [Infinity, ""], [0.4, "almost done"], [7.2, "8 s left"], [33, "35 s left"], [127, "2 min 10 s left"]]) assert.equal(remaining(seconds), text);
});

test("rates", () => {
  assert.equal(rate(12_300_000, "bytes"), "12.3 MB/s");
  assert.equal(rate(310.4, "images"), "310 images/s");
  assert.equal(rate(1.25, "tilemaps"), "1.3 tilemaps/s");
  assert.equal(rate(null, "images"), "");
  assert.equal(rate(0, "images"), "");
});

test("numbers of columns", () => {
  for (const [value, text] of [[1.33333, "1.333"], [0.04567, "0.0457"], [12345.6, "12,346"], [3, "3"], [NaN, "–"]]) assert.equal(figure(value), text);
  assert.equal(distance(0.067), "0.067");
});

test("names of files", () => {
  assert.equal(stem("photos.tar.gz"), "photos");
  assert.equal(stem("v1.2 pictures.zip"), "v1.2 pictures");
  assert.equal(stem(".zip"), ".zip");
  assert.equal(basename("a/b/c.png"), "c.png");
});
