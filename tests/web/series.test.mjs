import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyAddress, formatAddress, parseAddress } from "../../src/embedding_explorer/web/core/address.js";
import { spaceOf, worldPoint } from "../../src/embedding_explorer/web/core/positions.js";
import { between, commonBox, epochAt, nearestMap, worldPlaces } from "../../src/embedding_explorer/web/core/series.js";
import { PointSet } from "../../src/embedding_explorer/web/draw/point_set.js";
import { allNear, cloud } from "./samples.mjs";

const MODEL = "20260101-120001-00ab";
const at = (positions, row) => worldPoint(positions, spaceOf(positions), row);

test("a moment lies between two maps", () => {
  assert.deepEqual(between(0, 3), { from: 0, to: 1, t: 0 });
  assert.deepEqual(between(1.25, 3), { from: 1, to: 2, t: 0.25 });
  assert.deepEqual(between(2, 3), { from: 1, to: 2, t: 1 });
  assert.deepEqual(between(9, 3), { from: 1, to: 2, t: 1 });
  assert.deepEqual(between(-1, 3), { from: 0, to: 1, t: 0 });
  assert.deepEqual(between(0, 1), { from: 0, to: 0, t: 0 });
});

test("epochs of moments, and the map nearest to an epoch", () => {
  const epochs = [1, 5, 30];
  assert.deepEqual([0, 0.5, 1, 1.2, 2].map((moment) => epochAt(epochs, moment)), [1, 3, 5, 10, 30]);
  assert.deepEqual([0, 2.9, 3.1, 18, 99].map((epoch) => nearestMap(epochs, epoch)), [0, 0, 1, 2, 2]);
});

test("maps of like size share a box, others have their own", () => {
  assert.deepEqual([...commonBox([[0, 0, 0, 4, 1, 1], [-1, 0, 0, 1, 5, 1]])], [-1, 0, 0, 4, 5, 1]);
  assert.equal(commonBox([[0, 0, 0, 1, 1, 1], [0, 0, 0, 10, 1, 1]]), null);
  assert.equal(commonBox([]), null);
});

test("places in the world are those of the map in its box", () => {
  const map = cloud(4, 1, [0, 0, 0, 40, 3, 9]);
  allNear(at(worldPlaces(map, null), 2), at(map, 2), 1e-6);
  const [x] = at(worldPlaces(map, [0, 0, 0, 80, 3, 9]), 2), [own] = at(map, 2);
  allNear([x], [(own + 1) / 2 - 1], 1e-6);
});

test("images lie between any two maps, and are back at their own when they are released", () => {
  const own = cloud(5, 1), places = [2, 3, 4].map((seed) => worldPlaces(cloud(5, seed), null));
  const set = new PointSet(own);
  const before = set.point(3);
  set.holdBetween(places[0], places[1]);
  allNear(set.point(3), at(places[0], 3), 1e-6);
  set.holdBetween(places[1], places[2]);
  set.t = 0.5;
  allNear(set.point(3), at(places[1], 3).map((value, axis) => (value + at(places[2], 3)[axis]) / 2), 1e-6);
  set.release();
  allNear(set.point(3), before, 1e-9);
});

test("another reduction that they glide to is then their own", () => {
  const [own, next, a, b] = [1, 2, 3, 4].map((seed) => cloud(5, seed));
  const set = new PointSet(own);
  set.holdBetween(a, b);
  set.glideTo(next);
  set.arrive();
  set.holdBetween(a, b);
  set.release();
  allNear(set.point(2), at(next, 2), 1e-6);
});

test("a film comes back from the address", () => {
  const film = { ...emptyAddress(), series: MODEL, epoch: 2.5 };
  assert.equal(formatAddress(film), `?series=${MODEL}&epoch=2.5`);
  assert.deepEqual(parseAddress(formatAddress(film)), film);
  assert.deepEqual(parseAddress("?series=../x&epoch=3"), emptyAddress());
  assert.deepEqual(parseAddress(`?series=${MODEL}&epoch=1e9`), { ...emptyAddress(), series: MODEL });
});
