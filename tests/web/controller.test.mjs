import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameController } from "../../src/embedding_explorer/web/core/controller.js";

const LIMIT = 30;
const controller = (k = 1) => new FrameController({ limit: LIMIT, k });

/** Note frames; `time` gives the milliseconds that one takes when the share k is drawn. */
function run(control, frames, time) {
  const shares = [];
  for (let i = 0; i < frames; i += 1) {
    control.note(time(control.k));
    shares.push(control.k);
  }
  return shares;
}

test("frames in time change nothing, nor does a single late one", () => {
  const control = controller();
  run(control, 100, () => 20);
  control.note(400);
  run(control, 100, () => 29);
  assert.equal(control.k, 1);
});

test("late frames let it fall to where they are in time, and there it stays", () => {
  const control = controller();
  const shares = run(control, 400, (k) => 5 + 70 * k);
  assert.ok(5 + 70 * control.k <= LIMIT);
  assert.ok(5 + 70 * control.k > LIMIT / 2, "no more than needed is left out");
  assert.equal(shares.at(-1), shares.at(-200));
});

test("within one movement it never rises", () => {
  const control = controller();
  const shares = run(control, 300, (k) => 100 * k);
  for (let i = 1; i < shares.length; i += 1) assert.ok(shares[i] <= shares[i - 1]);
});

test("when frames are far too slow, a few of them are enough", () => {
  const control = controller();
  run(control, 6, () => 200);
  assert.ok(control.k < 0.6);
});

test("something is always drawn", () => {
  const control = controller();
  run(control, 2000, () => 1000);
  assert.ok(control.k >= 0.02 && control.k < 0.03);
});

test("at rest it rises where frames were quick, up to everything", () => {
  const control = controller(0.3);
  for (let movement = 0; movement < 20; movement += 1) {
    const before = control.k;
    run(control, 30, () => 4);
    assert.equal(control.k, before);
    control.rest();
    assert.ok(control.k > before || before === 1);
  }
  assert.equal(control.k, 1);
});

test("it does not rise on the strength of a few frames, nor when they just fitted", () => {
  const control = controller(0.3);
  run(control, 5, () => 1);
  control.rest();
  assert.equal(control.k, 0.3);
  run(control, 40, () => 0.9 * LIMIT);
  control.rest();
  assert.equal(control.k, 0.3);
});

test("frames of a screen of 60 Hz are comfortable for the limit of a graphics processor", () => {
  const control = controller(0.5);
  run(control, 30, () => 16.7);
  control.rest();
  assert.ok(control.k > 0.5);
});

test("a screen that is slow itself costs no images", () => {
  const control = controller();
  const shares = run(control, 200, () => 33.4);
  assert.ok(Math.min(...shares) < 1, "it tries");
  assert.equal(control.k, 1);
});

test("a machine that is slower than any screen goes on with less", () => {
  const control = controller();
  run(control, 400, (k) => 50 + k);
  assert.ok(control.k < 0.1);
});

test("a fall that helped is kept, also when a later view is late again", () => {
  const control = controller();
  run(control, 60, (k) => 34 * k);
  const fallen = control.k;
  assert.ok(fallen < 1);
  run(control, 60, (k) => (34 * k) / fallen);
  assert.ok(control.k < fallen);
});

test("what was late long ago is no measure of what is late now", () => {
  const control = controller();
  run(control, 20, () => 34);
  const fallen = control.k;
  run(control, 40, () => 20);
  run(control, 20, () => 33);
  assert.ok(control.k < fallen);
});

test("a share given from outside is kept within bounds, and the last median remains for reports", () => {
  const control = controller();
  run(control, 20, () => 12);
  control.set(500_000 / 0);
  assert.equal(control.k, 1);
  assert.equal(control.median, 12);
  control.set(0);
  assert.ok(control.k > 0);
});
