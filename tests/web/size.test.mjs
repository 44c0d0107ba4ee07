import assert from "node:assert/strict";
import { test } from "node:test";
import { watchSize } from "../../src/embedding_explorer/web/view/size.js";

/** Queries that are listened to, by their text. */
const queries = new Map();
let observed = null;
globalThis.window = { devicePixelRatio: 1 };
globalThis.matchMedia = (text) => ({
  addEventListener: (_type, call) => queries.set(text, call),
  removeEventListener: (_type, call) => queries.get(text) === call && queries.delete(text),
});
globalThis.ResizeObserver = class {
  constructor(changed) {
    this.changed = changed;
  }
  observe() {
    observed = this;
  }
  disconnect() {
    observed = null;
  }
};

test("a window that moves from screen to screen is noticed each time, and its size as well", () => {
  let changes = 0;
  const stop = watchSize({}, () => (changes += 1));
  observed.changed();
  for (const ratio of [2, 1.25, 1]) {
    const [[text, call]] = queries;
    assert.equal(text, `(resolution: ${window.devicePixelRatio}dppx)`);
    window.devicePixelRatio = ratio;
    call();
  }
  assert.deepEqual([changes, queries.size], [4, 1]);
  stop();
  assert.deepEqual([queries.size, observed], [0, null]);
});
