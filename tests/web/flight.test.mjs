import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../src/embedding_explorer/web/core/camera.js";
import { ease, flight } from "../../src/embedding_explorer/web/core/flight.js";
import { Pilot } from "../../src/embedding_explorer/web/view/pilot.js";
import { allNear, near } from "./samples.mjs";

const camera = (text) => Camera.fromString(text);
const steps = (count) => Array.from({ length: count + 1 }, (_, i) => i / count);
const FROM = camera("3d,-0.8,0.1,0,0.4,-170,20");
const TO = camera("3d,0.7,-0.2,0.3,0.2,170,-10");

test("a flight begins at one view and ends at exactly the other", () => {
  const path = flight(FROM, TO);
  allNear([...path.at(0).target, path.at(0).distance, path.at(0).pitch], [...FROM.target, FROM.distance, FROM.pitch], 1e-6);
  assert.deepEqual({ ...path.at(1) }, { ...TO });
  assert.deepEqual({ ...path.at(7) }, { ...TO });
  assert.equal(path.at(-3).toString(), path.at(0).toString());
});

test("it has no jumps", () => {
  const path = flight(FROM, TO);
  const cameras = steps(400).map((t) => path.at(t));
  for (let i = 1; i < cameras.length; i += 1) {
    const [a, b] = [cameras[i - 1], cameras[i]];
    assert.ok(Math.hypot(...a.target.map((value, axis) => value - b.target[axis])) < 0.06);
    assert.ok(Math.abs(Math.log(a.distance / b.distance)) < 0.1);
    assert.ok(Math.abs(Math.sin(a.yaw - b.yaw)) < 0.02);
  }
});

test("it turns the shorter way", () => {
  const halfway = flight(FROM, TO).at(0.5);
  near(Math.cos(halfway.yaw), -1, 1e-6);
});

test("far away it goes up first and comes down after", () => {
  const height = Math.max(...steps(50).map((t) => flight(FROM, TO).at(t).distance));
  assert.ok(height > 1.5 * FROM.distance);
});

test("straight down it only comes nearer, in even steps of the eye", () => {
  const path = flight(camera("2d,0.1,0.1,4"), camera("2d,0.1,0.1,0.25"));
  near(path.at(0.5).distance, 1, 1e-6);
  allNear(path.at(0.3).target, [0.1, 0.1, 0], 1e-9);
});

test("between views of the same kind nothing divides by nothing", () => {
  const path = flight(TO, TO.clone());
  for (const t of steps(4)) assert.equal(path.at(t).toString(), TO.toString());
});

test("it takes a while, but never long", () => {
  assert.ok(flight(TO, TO).duration >= 200);
  assert.ok(flight(camera("2d,-4,-4,0.005"), camera("2d,4,4,0.005")).duration <= 1000);
});

test("slow, fast, slow", () => {
  assert.deepEqual([0, 0.5, 1].map(ease), [0, 0.5, 1]);
  assert.ok(ease(0.1) < 0.05 && ease(0.9) > 0.95);
});

function pilotAt(text, reducedMotion = false) {
  const scene = { camera: camera(text) };
  return { scene, pilot: new Pilot(scene, { reducedMotion }) };
}

test("the pilot flies, and tells when it has arrived", async () => {
  const { scene, pilot } = pilotAt("2d,0,0,2");
  const end = pilot.fly(camera("2d,0.5,0,1"), true);
  assert.ok(pilot.active);
  assert.equal(pilot.step(performance.now() + 5000), true);
  assert.equal(scene.camera.toString(), "2d,0.5,0,1");
  assert.ok(!pilot.active);
  await end;
  assert.equal(pilot.step(performance.now()), false);
});

test("a hand on the mouse ends a flight where it is, and nobody waits for ever", async () => {
  const { scene, pilot } = pilotAt("2d,0,0,2");
  const end = pilot.fly(camera("2d,0.5,0,1"), true);
  pilot.step(performance.now() + 100);
  const there = scene.camera.toString();
  pilot.stop();
  await end;
  pilot.step(performance.now() + 5000);
  assert.equal(scene.camera.toString(), there);
});

test("a change of mode is carried out also where a hand ends it, but another change begins where the camera is", () => {
  const { scene, pilot } = pilotAt("3d,0,0,0,2,-20,10");
  pilot.fly(camera("2d,0,0,2"), true);
  pilot.step(performance.now() + 100);
  const { flat } = scene.camera;
  assert.ok(flat > 0 && flat < 1);
  pilot.fly(camera("3d,0,0,0,2,-20,10"), true);
  assert.equal(scene.camera.flat, flat);
  pilot.step(performance.now() + 20);
  pilot.stop();
  assert.equal(scene.camera.toString(), "3d,0,0,0,2,-20,10");
});

test("without motion a flight and the wheel are done at once", async () => {
  const { scene, pilot } = pilotAt("2d,0,0,2", true);
  await pilot.fly(camera("2d,0.5,0,1"), true);
  assert.equal(scene.camera.toString(), "2d,0.5,0,1");
  pilot.zoom(0.5, [0.5, 0, 0]);
  assert.deepEqual([scene.camera.distance, pilot.active], [0.5, false]);
});

test("turns of the wheel add up and come to an end", () => {
  const { scene, pilot } = pilotAt("2d,0,0,2");
  pilot.zoom(0.5, [0, 0, 0]);
  pilot.zoom(0.5, [0, 0, 0]);
  let now = performance.now();
  let count = 0;
  for (; pilot.active && count < 500; count += 1) pilot.step((now += 16));
  assert.ok(count > 5 && count < 100);
  near(scene.camera.distance, 0.5, 1e-6);
});
