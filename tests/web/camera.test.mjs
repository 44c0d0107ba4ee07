import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera, clamp, focalLength, MAX_DISTANCE, MIN_DISTANCE, wrap } from "../../src/embedding_explorer/web/core/camera.js";
import { transformPoint } from "../../src/embedding_explorer/web/core/matrix.js";
import { allNear, near, numbers, seenBy } from "./samples.mjs";

const WINDOWS = [{ width: 800, height: 600 }, { width: 300, height: 700 }];
const DEGREE = Math.PI / 180;

function anyCamera(next) {
  const camera = new Camera();
  camera.target = [next() - 0.5, next() - 0.5, next() - 0.5];
  camera.distance = 0.5 + 4 * next();
  camera.yaw = (next() - 0.5) * 6;
  camera.pitch = (next() - 0.5) * 3;
  return camera;
}

const anyPoint = (next) => [next() - 0.5, next() - 0.5, next() - 0.5];

function pixel(camera, point, { width, height }) {
  const [x, y, z, w] = transformPoint(camera.matrix({ width, height }), point);
  return { x: (x / w + 1) * (width / 2), y: (1 - y / w) * (height / 2), depth: w, z: z / w };
}

const same = (found, wanted, tolerance = 0.02) => allNear([found.x, found.y], [wanted.x, wanted.y], tolerance);

test("a point's pixel is the one that the camera's description gives", () => {
  const next = numbers(3);
  for (let i = 0; i < 40; i += 1) {
    const [camera, point, viewport] = [anyCamera(next), anyPoint(next), WINDOWS[i % 2]];
    const wanted = seenBy(camera, point, viewport);
    if (wanted.depth < 0.2 * camera.distance) continue;
    const found = pixel(camera, point, viewport);
    same(found, wanted);
    near(found.depth, wanted.depth, 1e-4);
    assert.ok(found.z > -1 && found.z < 1);
  }
});

test("yaw 0 and pitch 0 look along -z: x to the right, y upwards, 40 degrees over the shorter side", () => {
  const camera = new Camera();
  const edge = camera.distance * Math.tan(20 * DEGREE);
  same(pixel(camera, [0, edge, 0], WINDOWS[0]), { x: 400, y: 0 });
  same(pixel(camera, [edge, 0, 0], WINDOWS[1]), { x: 300, y: 350 });
  assert.ok(pixel(camera, [0, 0, 0.5], WINDOWS[0]).depth < pixel(camera, [0, 0, -0.5], WINDOWS[0]).depth);
  near(focalLength(WINDOWS[0]), 300 / Math.tan(20 * DEGREE), 1e-9);
});

test("the eye is as far away as it says, in the direction of yaw and pitch", () => {
  const camera = Camera.fromString("3d,0.1,0.2,0.3,2,90,0");
  allNear(camera.eye, [2.1, 0.2, 0.3], 1e-9);
  allNear(Camera.fromString("3d,0,0,0,2,0,30").eye, [0, 1, Math.sqrt(3)], 1e-9);
});

test("turning keeps the point looked at in the middle and the distance", () => {
  const camera = anyCamera(numbers(5));
  const { target, distance } = camera.clone();
  camera.orbit(0.7, -0.2);
  allNear(camera.target, target, 1e-12);
  near(Math.hypot(...camera.eye.map((value, i) => value - target[i])), distance, 1e-9);
  same(pixel(camera, target, WINDOWS[0]), { x: 400, y: 300 });
});

test("turning around another point leaves that point where it is on the screen", () => {
  const next = numbers(6);
  for (let i = 0; i < 20; i += 1) {
    const camera = anyCamera(next);
    const pivot = camera.target.map((value) => value + 0.2 * (next() - 0.5));
    camera.pitch = clamp(camera.pitch, -1, 1);
    const before = pixel(camera, pivot, WINDOWS[1]);
    const yaw = camera.yaw;
    camera.orbit(0.3, 0.1, pivot);
    assert.notEqual(camera.yaw, yaw);
    same(pixel(camera, pivot, WINDOWS[1]), before);
  }
});

test("the camera never turns over, and angles stay small numbers", () => {
  const camera = new Camera();
  for (let i = 0; i < 100; i += 1) camera.orbit(1, 1);
  assert.ok(camera.pitch < Math.PI / 2 && camera.pitch > 1.5);
  assert.ok(Math.abs(camera.yaw) <= Math.PI + 1e-9);
  near(Math.sin(camera.yaw), Math.sin(100), 1e-9);
  near(wrap(3 * Math.PI + 0.1), -Math.PI + 0.1, 1e-9);
});

test("what is held follows the pointer", () => {
  const next = numbers(7);
  for (let i = 0; i < 20; i += 1) {
    const [camera, point, viewport] = [anyCamera(next), anyPoint(next), WINDOWS[i % 2]];
    const before = pixel(camera, point, viewport);
    if (before.depth < 0.2 * camera.distance) continue;
    camera.pan(30, -12, viewport, before.depth);
    same(pixel(camera, point, viewport), { x: before.x + 30, y: before.y - 12 });
  }
});

test("zooming leaves its centre where it is on the screen and changes the distance by the factor", () => {
  const next = numbers(8);
  for (let i = 0; i < 20; i += 1) {
    const [camera, centre] = [anyCamera(next), anyPoint(next)];
    const before = pixel(camera, centre, WINDOWS[0]);
    if (before.depth < 0.2 * camera.distance) continue;
    const { distance } = camera;
    camera.zoom(0.8, centre);
    near(camera.distance, 0.8 * distance, 1e-9);
    same(pixel(camera, centre, WINDOWS[0]), before);
  }
});

test("the distance has bounds, at which the view stays as it is", () => {
  const camera = new Camera();
  camera.zoom(1e-9);
  assert.equal(camera.distance, MIN_DISTANCE);
  const { target } = camera.clone();
  camera.zoom(0.5, [0.3, 0.3, 0]);
  assert.deepEqual(camera.target, target);
  camera.zoom(1e9);
  assert.equal(camera.distance, MAX_DISTANCE);
});

test("the map cannot be pushed out of reach", () => {
  const camera = new Camera();
  for (let i = 0; i < 1000; i += 1) camera.pan(-500, 300, WINDOWS[0]);
  assert.ok(camera.target.every((value) => Math.abs(value) <= 4));
  assert.ok(camera.target[0] > 1 && camera.target[1] > 1);
});

test("the point under a pixel is seen at that pixel", () => {
  const next = numbers(9);
  for (let i = 0; i < 20; i += 1) {
    const [camera, viewport] = [anyCamera(next), WINDOWS[i % 2]];
    const [x, y, depth] = [next() * viewport.width, next() * viewport.height, camera.distance * (0.5 + next())];
    const found = pixel(camera, camera.unproject(x, y, viewport, depth), viewport);
    same(found, { x, y });
    near(found.depth, depth, 1e-4);
  }
});

test("in 2-D depth moves nothing on the screen, but still tells which of two is in front", () => {
  const camera = Camera.fromString("2d,0.1,0.2,1.5");
  assert.equal(camera.mode, "2d");
  const [front, back] = [pixel(camera, [0.4, -0.1, 1], WINDOWS[0]), pixel(camera, [0.4, -0.1, -1], WINDOWS[0])];
  same(front, back, 0.05);
  same(front, seenBy(camera, [0.4, -0.1, 0], WINDOWS[0]), 0.05);
  assert.ok(front.depth < back.depth);
});

test("the string is short, plain and the same view again", () => {
  const next = numbers(10);
  for (let i = 0; i < 60; i += 1) {
    const camera = anyCamera(next);
    if (i % 3 === 0) Object.assign(camera, { flat: 1, yaw: 0, pitch: 0 });
    const text = camera.toString();
    assert.match(text, /^(3d(,-?\d+(\.\d{1,5})?){6}|2d(,-?\d+(\.\d{1,5})?){3})$/);
    const again = Camera.fromString(text);
    assert.equal(again.toString(), text);
    allNear(again.target.slice(0, 2), camera.target.slice(0, 2), 6e-5);
    allNear([again.distance, again.yaw, again.pitch], [camera.distance, camera.yaw, camera.pitch], 1e-4);
    assert.equal(again.mode, camera.mode);
  }
  assert.equal(new Camera().toString(), "3d,0,0,0,2.9,0,0");
  const tiny = new Camera();
  tiny.target = [-1e-9, 1e-7, 0];
  assert.equal(tiny.toString(), "3d,0,0,0,2.9,0,0");
  assert.ok(Object.is(Camera.fromString(tiny.toString()).target[0], 0));
});

test("however near, the view of a string is that of the camera to a small part of a pixel", () => {
  const next = numbers(12);
  for (const distance of [0.005, 0.02, 0.3, 3]) {
    const camera = Object.assign(anyCamera(next), { distance });
    const point = camera.target.map((value) => value + 0.2 * distance * (next() - 0.5));
    same(pixel(Camera.fromString(camera.toString()), point, WINDOWS[0]), seenBy(camera, point, WINDOWS[0]), 0.05);
    assert.ok(camera.toString().length < 70);
  }
});

test("what is no camera string stands for none", () => {
  const wrong = ["", "3d", "4d,0,0,0,1,0,0", "3d,0,0,0,1,0", "3d,0,0,0,1,0,0,0", "2d,0,0", "2d,0,0,1e3", "2d,0,0,", "2d,0,0,NaN", "2d, 0,0,1", "2d,0,0,Infinity", "2d,0,0,0x1"];
  for (const text of wrong) assert.equal(Camera.fromString(text), null, text);
});

test("a string beyond the bounds is brought within them", () => {
  const camera = Camera.fromString("3d,99,-99,0,0.0001,725,120");
  allNear(camera.target, [4, -4, 0], 0);
  assert.equal(camera.distance, MIN_DISTANCE);
  near(camera.yaw, 5 * DEGREE, 1e-9);
  assert.ok(camera.pitch < Math.PI / 2);
});

test("a copy is on its own", () => {
  const camera = new Camera();
  const copy = camera.clone();
  copy.target[0] = 1;
  copy.orbit(1, 0);
  assert.deepEqual([camera.target[0], camera.yaw], [0, 0]);
});
