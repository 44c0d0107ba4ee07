import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../src/embedding_explorer/web/ui/state/store.js";

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("several changes of a task are told once, to those who asked for the key", async () => {
  const store = new Store({ a: 1, b: 1 });
  const heard = [];
  store.on(["a"], ({ a }) => heard.push(a));
  store.on(["b"], () => heard.push("b"));
  store.set({ a: 2 });
  store.set({ a: 3 });
  await settled();
  assert.deepEqual(heard, [3]);
});

test("setting the same value tells nobody", async () => {
  const store = new Store({ a: 1 });
  store.on(["a"], () => assert.fail("nothing changed"));
  store.set({ a: 1 });
  await settled();
});

test("a listener may ask to be called at once, and may leave", async () => {
  const store = new Store({ a: 1 });
  const heard = [];
  const stop = store.on(["a"], ({ a }) => heard.push(a), { now: true });
  stop();
  store.set({ a: 2 });
  await settled();
  assert.deepEqual(heard, [1]);
});

test("a listener that changes the state is followed by another round", async () => {
  const store = new Store({ a: 1, double: 2 });
  store.on(["a"], ({ a }) => store.set({ double: 2 * a }));
  const heard = [];
  store.on(["double"], ({ double }) => heard.push(double));
  store.set({ a: 5 });
  await settled();
  assert.deepEqual(heard, [10]);
});

test("a listener that fails does not keep the others from hearing", async (t) => {
  const told = [];
  globalThis.reportError = (error) => told.push(error.message);
  t.after(() => delete globalThis.reportError);
  const store = new Store({ a: 1 });
  const heard = [];
  store.on(["a"], () => {
    throw new Error("broken panel");
  });
  store.on(["a"], ({ a }) => heard.push(a));
  store.set({ a: 2 });
  await settled();
  assert.deepEqual([heard, told], [[2], ["broken panel"]]);
});

test("the state itself is never changed", () => {
  const store = new Store({ a: 1 });
  const before = store.state;
  store.set({ a: 2 });
  assert.equal(before.a, 1);
});
