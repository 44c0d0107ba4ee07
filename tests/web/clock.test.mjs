import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Clock } from "../../src/embedding_explorer/web/view/clock.js";

/** Time that goes by only when the test says so. */
let now = 0;
let frames = [];
let timers = [];
let last = 0;
globalThis.window = {
  setTimeout: (call, milliseconds) => (timers.push({ id: (last += 1), call, at: now + milliseconds }), last),
  clearTimeout: (id) => (timers = timers.filter((timer) => timer.id !== id)),
};
globalThis.requestAnimationFrame = (call) => frames.push(call);
globalThis.cancelAnimationFrame = () => (frames = []);
mock.method(performance, "now", () => now);
beforeEach(() => ([now, frames, timers] = [1000, [], []]));

const frame = () => frames.splice(0).forEach((call) => call(now));

function pass(milliseconds) {
  for (const end = now + milliseconds; now < end; now += 1) {
    const due = timers.filter((timer) => timer.at <= now);
    timers = timers.filter((timer) => timer.at > now);
    for (const { call } of due) call();
  }
}

function clockOf(wants = () => false) {
  const told = { drawn: 0, rests: 0 };
  const clock = new Clock(() => ((told.drawn += 1), wants(told.drawn)), () => (told.rests += 1));
  return { clock, told };
}

test("however often it is asked for, a frame is drawn once, and then nothing", () => {
  const { clock, told } = clockOf();
  clock.request();
  clock.request();
  assert.equal(frames.length, 1);
  frame();
  assert.deepEqual([told.drawn, frames.length, timers.length, clock.idle], [1, 0, 0, true]);
});

test("a drawing that is not complete goes on in the next frame", () => {
  const { clock, told } = clockOf((count) => count < 3);
  clock.request();
  for (let i = 0; i < 6; i += 1) frame();
  assert.equal(told.drawn, 3);
});

test("a movement comes to rest once, a moment after its last step, with one more frame", () => {
  const { clock, told } = clockOf();
  for (let i = 0; i < 20; i += 1) {
    clock.moved();
    frame();
    pass(40);
    assert.deepEqual([clock.moving, told.rests, clock.idle], [true, 0, false]);
  }
  pass(300);
  assert.deepEqual([clock.moving, told.rests, frames.length, timers.length], [false, 1, 1, 0]);
  frame();
  assert.ok(clock.idle);
});

test("rest can be had at once, and does not come again", () => {
  const { clock, told } = clockOf();
  clock.moved();
  clock.still();
  pass(300);
  assert.deepEqual([told.rests, clock.moving], [1, false]);
});

test("after the end nothing is drawn and no timer is left", () => {
  const { clock, told } = clockOf();
  clock.moved();
  clock.destroy();
  frame();
  pass(300);
  assert.deepEqual([told.drawn, told.rests, timers.length], [0, 0, 0]);
});
