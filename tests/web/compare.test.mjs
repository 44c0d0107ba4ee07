import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyAddress, formatAddress, parseAddress } from "../../src/embedding_explorer/web/core/address.js";
import { DIMMED, VISIBLE } from "../../src/embedding_explorer/web/core/flags.js";
import { carriedOver, inverseMatches, matchOf, NO_ROW, translated, unmatched } from "../../src/embedding_explorer/web/core/matching.js";
import { placesOn } from "../../src/embedding_explorer/web/core/morph.js";
import { spaceOf, worldPoint } from "../../src/embedding_explorer/web/core/positions.js";
import { MapData } from "../../src/embedding_explorer/web/data/map_data.js";
import { uploadUrl } from "../../src/embedding_explorer/web/data/upload.js";
import { PointSet } from "../../src/embedding_explorer/web/draw/point_set.js";
import { agreementFigures, explanation, percent } from "../../src/embedding_explorer/web/ui/state/agreement_words.js";
import { compose } from "../../src/embedding_explorer/web/ui/state/flags.js";
import { allNear, cloud } from "./samples.mjs";

const MATCHES = Uint32Array.of(2, NO_ROW, 0);
const ID = "0123456789abcdef0123456789abcdef";

test("matches lead there and back", () => {
  assert.deepEqual([...inverseMatches(MATCHES, 4)], [2, NO_ROW, 0, NO_ROW]);
  assert.deepEqual([0, 1, 2, 3, -1, null, undefined].map((row) => matchOf(MATCHES, row)), [2, -1, 0, -1, -1, -1, -1]);
  assert.deepEqual([...translated([0, 1, 2], MATCHES)], [2, 0]);
  assert.deepEqual(unmatched(MATCHES), [1]);
});

test("what an image has is carried over to its match, others have none", () => {
  assert.deepEqual([...carriedOver(Uint8Array.of(7, 8, 9), Uint32Array.of(2, NO_ROW, 0, 1), 255)], [9, 255, 7, 8]);
});

test("an image is placed where the other map has it, and stays where it has not", () => {
  const a = cloud(3, 1), b = cloud(3, 2, [0, 0, 0, 40, 3, 9]);
  const places = placesOn(a, b, MATCHES);
  const at = (positions, row) => worldPoint(positions, spaceOf(positions), row);
  allNear(at(places, 0), at(b, 2), 1e-6);
  allNear(at(places, 1), at(a, 1), 1e-6);
  allNear(at(places, 2), at(b, 0), 1e-6);
});

test("held images lie between both places, and are back when they are released", () => {
  const a = cloud(5, 1), b = cloud(5, 3);
  const set = new PointSet(a);
  const before = set.point(3);
  const places = placesOn(a, b, Uint32Array.of(0, 1, 2, 3, 4));
  set.hold(places);
  allNear(set.point(3), before, 1e-9);
  set.t = 0.25;
  const end = worldPoint(b, spaceOf(b), 3);
  allNear(set.point(3), before.map((value, axis) => value + 0.25 * (end[axis] - value)), 1e-6);
  assert.equal(set.present, set.from);
  set.t = 1;
  allNear(set.point(3), end, 1e-6);
  assert.equal(set.present, set.to);
  set.release();
  allNear(set.point(3), before, 1e-9);
  set.release();
  assert.equal(set.to, null);
});

test("a glide that is not held ends where it leads", () => {
  const set = new PointSet(cloud(5, 1));
  set.hold(cloud(5, 2));
  set.glideTo(cloud(5, 3));
  set.release();
  assert.ok(set.to && !set.held);
});

test("images that the other map lacks fade, and are gone when it is reached", () => {
  const marks = { classes: null, hidden: new Set(), values: null, range: null, selected: [], matches: null, neighbours: [] };
  const flags = new Uint8Array(3);
  assert.equal(compose(flags, { ...marks, faded: [1], gone: false }), 3);
  assert.deepEqual([...flags], [VISIBLE, VISIBLE | DIMMED, VISIBLE]);
  assert.equal(compose(flags, { ...marks, faded: [1], gone: true }), 2);
  assert.deepEqual([...flags], [VISIBLE, 0, VISIBLE]);
});

test("a comparison comes back from the address", () => {
  const side = { ...emptyAddress(), compare: ID, linked: false, other: "3d,0.1,-0.2,0,2.9,-25,18" };
  const morph = { ...emptyAddress(), compare: ID, how: "morph", glide: 0.37, linked: true };
  for (const address of [side, morph, { ...morph, glide: 1 }]) assert.deepEqual(parseAddress(formatAddress(address)), address);
  assert.equal(formatAddress({ ...side, other: null }), `?compare=${ID}`);
});

test("what cannot be compared leaves nothing in the address", () => {
  assert.deepEqual(parseAddress("?compare=zz&how=morph&glide=0.5&linked=1&other=3d,1,2,3"), emptyAddress());
  assert.deepEqual(parseAddress(`?compare=${ID}&how=axe&glide=1.5&other=<b>`), { ...emptyAddress(), compare: ID });
  assert.equal(formatAddress({ ...emptyAddress(), how: "morph", glide: 0.5, linked: true, other: "x" }), "");
});

test("a column of the page's own comes and goes", () => {
  const label = { name: "label" }, own = { name: "agreement", type: "f32" };
  const data = new MapData({ id: "x", total: 2, columns: [label], reductions: {} });
  const before = data.manifest;
  data.addColumn(own, Float32Array.of(0, 1));
  data.addColumn(own, Float32Array.of(1, 1));
  assert.deepEqual(data.manifest.columns, [label, own]);
  assert.deepEqual(before.columns, [label]);
  return data.column("agreement").then(({ values }) => {
    assert.deepEqual([...values], [1, 1]);
    data.removeColumn("agreement");
    assert.deepEqual(data.manifest.columns, [label]);
  });
});

const FIGURES = {
  matched: 1797, sample: 1797, k: 20, overlap: 0.4242, by_chance: 0.0111,
  trustworthiness: { a: 0.98765, b: null, a_by_b: 0.5, b_by_a: 0.75 }, continuity: { a: 1, b: 1, a_by_b: 1, b_by_a: 1 },
};

test("figures are written with their meaning", () => {
  const found = Object.fromEntries(agreementFigures(FIGURES).map(({ key, value }) => [key, value]));
  assert.deepEqual(found, { overlap: "42\u00a0%", a: "0.988", b: "–", b_by_a: "0.750" });
  assert.match(explanation(FIGURES), /20 nearest .* 1\.1\s% by chance; 1,797 common images/);
  assert.match(explanation({ ...FIGURES, matched: 200_000, sample: 3000 }), /measured on 3,000 of 200,000/);
});

test("shares below a tenth have a decimal", () => {
  assert.deepEqual([0, 0.0111, 0.0999, 0.1, 1].map(percent), ["0", "1.1", "10.0", "10", "100"].map((text) => `${text}\u00a0%`));
});

test("an upload names network, layer and pooling only where they were chosen", () => {
  const options = { name: "a", labels: false, network: "7", layer: " layer4 ", pooling: "max" };
  assert.equal(uploadUrl(options), "/dataset?name=a&network=7&layer=layer4&pooling=max");
  assert.equal(uploadUrl({ ...options, network: null, layer: " ", pooling: "" }), "/dataset?name=a");
});
