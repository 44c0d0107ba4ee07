import assert from "node:assert/strict";
import { test } from "node:test";
import { SlotCache } from "../../src/embedding_explorer/web/core/slots.js";
import { numbers } from "./samples.mjs";

test("slots are given out one by one, then that of the key not used for longest", () => {
  const cache = new SlotCache(3);
  assert.deepEqual([7, 8, 9].map((key) => cache.take(key)), [0, 1, 2].map((slot) => ({ slot, evicted: -1 })));
  assert.deepEqual(cache.take(10), { slot: 0, evicted: 7 });
  assert.deepEqual(cache.take(11), { slot: 1, evicted: 8 });
  assert.equal(cache.size, 3);
});

test("a use puts a key to the end of the queue, a look does not", () => {
  const cache = new SlotCache(2);
  cache.take(1);
  cache.take(2);
  assert.equal(cache.peek(1), 0);
  assert.equal(cache.take(3).evicted, 1);
  assert.equal(cache.use(2), 1);
  assert.equal(cache.take(4).evicted, 3);
  assert.deepEqual([cache.peek(2), cache.peek(3), cache.use(1)], [1, -1, -1]);
});

test("taking again gives the same slot and counts as a use", () => {
  const cache = new SlotCache(2);
  cache.take(1);
  cache.take(2);
  assert.deepEqual(cache.take(1), { slot: 0, evicted: -1 });
  assert.equal(cache.take(3).evicted, 2);
});

test("a slot given back is given out next", () => {
  const cache = new SlotCache(3);
  for (const key of [1, 2, 3]) cache.take(key);
  cache.drop(2);
  cache.drop(99);
  assert.deepEqual(cache.take(4), { slot: 1, evicted: -1 });
  cache.clear();
  assert.deepEqual([cache.size, cache.peek(4), cache.take(5)], [0, -1, { slot: 0, evicted: -1 }]);
});

test("whatever happens, no slot is given twice, and the order is that of the last uses", () => {
  const next = numbers(13);
  const cache = new SlotCache(8);
  /** Keys, the one not used for longest first; and their slots. */
  let queue = [];
  const slots = new Map();
  for (let step = 0; step < 5000; step += 1) {
    const key = Math.floor(next() * 14);
    const what = next();
    if (what < 0.5) {
      const { slot, evicted } = cache.take(key);
      const expected = queue.includes(key) || queue.length < 8 ? -1 : queue[0];
      assert.equal(evicted, expected);
      if (slots.has(key)) assert.equal(slot, slots.get(key));
      slots.delete(evicted);
      slots.set(key, slot);
      queue = [...queue.filter((each) => each !== key && each !== evicted), key];
    } else if (what < 0.8) {
      assert.equal(cache.use(key), slots.get(key) ?? -1);
      if (slots.has(key)) queue = [...queue.filter((each) => each !== key), key];
    } else if (what < 0.9) {
      cache.drop(key);
      slots.delete(key);
      queue = queue.filter((each) => each !== key);
    } else assert.equal(cache.peek(key), slots.get(key) ?? -1);
    assert.equal(new Set(slots.values()).size, slots.size);
    assert.ok([...slots.values()].every((slot) => slot >= 0 && slot < 8));
    assert.equal(cache.size, slots.size);
  }
});
