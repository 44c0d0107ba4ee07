import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyAddress, formatAddress, formatSpans, MAX_TEXT, parseAddress, parseSpans } from "../../src/embedding_explorer/web/core/address.js";

const ID = "0123456789abcdef0123456789abcdef";

test("a whole view comes back from its query string", () => {
  const address = {
    ...emptyAddress(), dataset: ID, reducer: "pca", mode: "2d", tool: "lasso", camera: "3d,0.1,-0.2,0,2.9,-25,18", colour: "cluster",
    only: [0, 1, 2, 7], range: [0.5, 12.25], size: 0.5, row: 17, overlay: ID.replace("0", "f"), q: "cat & dog, ü",
  };
  assert.deepEqual(parseAddress(formatAddress(address)), address);
});

test("the default view has no query string", () => {
  assert.equal(formatAddress(emptyAddress()), "");
  assert.deepEqual(parseAddress(""), emptyAddress());
});

test("quality and seed stay in the address, other foreign parameters do not", () => {
  assert.equal(formatAddress({ ...emptyAddress(), mode: "2d" }, "?quality=software&seed=3&utm=x"), "?mode=2d&quality=software&seed=3");
});

test("what a stranger wrote into a link is left out where it cannot be used", () => {
  const wild = parseAddress(`?dataset=../etc&reducer=<b>&mode=4d&tool=axe&camera=${"9".repeat(300)}&colour=a b&only=1-&row=-3&overlay=zz&range=9~1&size=99&q=${"x".repeat(999)}`);
  assert.deepEqual(wild, { ...emptyAddress(), q: "x".repeat(MAX_TEXT) });
});

test("isolated classes win over hidden ones", () => {
  const { only, hide } = parseAddress("?only=3&hide=1");
  assert.deepEqual([only, hide], [[3], null]);
});

test("row 0 is a row", () => {
  assert.equal(parseAddress("?row=0").row, 0);
  assert.equal(formatAddress({ ...emptyAddress(), row: 0 }), "?row=0");
});

test("spans are short, ordered and bounded", () => {
  assert.equal(formatSpans([7, 2, 0, 1]), "0-2,7");
  assert.deepEqual(parseSpans("0-2,7"), [0, 1, 2, 7]);
  assert.equal(formatSpans([]), null);
  assert.equal(formatSpans(Array.from({ length: 2000 }, (_, i) => i * 2)), null);
  assert.equal(parseSpans("0-99999").length, 65_536);
});
