import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_BYTES, MAX_NAME, MAX_SELECTIONS, SelectionShelf } from "../../src/embedding_explorer/web/data/selections.js";

function memory() {
  const map = new Map();
  return { map, getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value), removeItem: (key) => void map.delete(key) };
}
const cats = { name: "cats", colour: "#112233", mask: "AQ==", size: 1 };

test("selections are kept for each dataset on its own", () => {
  const storage = memory();
  new SelectionShelf(storage, "a").save(cats);
  assert.deepEqual(new SelectionShelf(storage, "a").list, [cats]);
  assert.deepEqual(new SelectionShelf(storage, "b").list, []);
});

test("the same name replaces, another name of somebody else is refused", () => {
  const shelf = new SelectionShelf(memory(), "a");
  shelf.save(cats);
  shelf.save({ ...cats, name: "  cats ", size: 2 });
  shelf.save({ ...cats, name: "dogs" });
  assert.deepEqual(shelf.list.map((each) => [each.name, each.size]), [["cats", 2], ["dogs", 1]]);
  assert.throws(() => shelf.rename("dogs", "cats"), /already/);
  shelf.rename("dogs", "hounds");
  shelf.remove("cats");
  assert.deepEqual(shelf.list.map((each) => each.name), ["hounds"]);
});

test("names are bounded and never empty", () => {
  const shelf = new SelectionShelf(memory(), "a");
  shelf.save({ ...cats, name: "x".repeat(500) });
  assert.equal(shelf.list[0].name.length, MAX_NAME);
  assert.throws(() => shelf.save({ ...cats, name: "  " }), /needs a name/);
});

test("neither their number nor their size grows without bound", () => {
  const shelf = new SelectionShelf(memory(), "a");
  for (let i = 0; i < MAX_SELECTIONS; i += 1) shelf.save({ ...cats, name: shelf.freeName() });
  assert.throws(() => shelf.save({ ...cats, name: "one more" }), /Delete one first/);
  assert.throws(() => new SelectionShelf(memory(), "b").save({ ...cats, mask: "A".repeat(MAX_BYTES) }), /too much space/);
});

test("a full or forbidden storage is told, and nothing is lost", () => {
  const full = { ...memory(), setItem: () => { throw new Error("quota"); } };
  const shelf = new SelectionShelf(full, "a");
  assert.throws(() => shelf.save(cats), /no more space/);
  assert.deepEqual(shelf.list, []);
  const none = new SelectionShelf(null, "a");
  none.save(cats);
  assert.equal(none.list.length, 1);
});

test("rubbish in the storage is passed over", () => {
  const storage = memory();
  for (const text of ["{", "7", JSON.stringify([{ name: 1 }, { ...cats, colour: "url(x)" }, { ...cats, mask: "%" }, cats])]) {
    storage.setItem("explorer.selections.a", text);
    assert.ok(new SelectionShelf(storage, "a").list.length <= 1);
  }
  assert.deepEqual(new SelectionShelf(storage, "a").list, [cats]);
});

test("a free name is one that is not taken", () => {
  const shelf = new SelectionShelf(memory(), "a");
  shelf.save({ ...cats, name: "Selection 1" });
  assert.equal(shelf.freeName(), "Selection 2");
});
