import assert from "node:assert/strict";
import { test } from "node:test";
import { Figures } from "../../src/embedding_explorer/web/view/figures.js";

/** Frames of 4 ms of drawing, each asked for `pause` ms after the one before has ended and drawn `late` ms after that. */
function frames(count, { pause, late }) {
  const figures = new Figures();
  const times = [];
  let now = 1000;
  for (let i = 0; i < count; i += 1) {
    const asked = figures.lastEnd + pause;
    now = Math.max(now, asked) + late;
    times.push(figures.frame(true, { start: now, end: now + 4, now, asked })?.sinceLast);
  }
  return times.slice(2);
}

test("frames that follow each other are measured from one to the next", () => {
  assert.deepEqual(frames(5, { pause: 0, late: 12 }), [16, 16, 16]);
  assert.deepEqual(frames(5, { pause: 1, late: 60 }), [65, 65, 65]);
});

test("a key that repeats slowly and a hesitating hand say nothing of how long a frame takes", () => {
  assert.deepEqual(frames(5, { pause: 80, late: 8 }), [null, null, null]);
  assert.deepEqual(frames(5, { pause: 30, late: 2 }), [null, null, null]);
});
