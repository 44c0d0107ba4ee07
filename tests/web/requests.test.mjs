import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, fill, spriteUrl } from "../../src/embedding_explorer/web/data/api.js";
import { kindOf, uploadUrl } from "../../src/embedding_explorer/web/data/upload.js";
import { entryNames, findEnd, listingOf, listZip, suggestsLabels, usedOf } from "../../src/embedding_explorer/web/ui/state/zip_listing.js";

test("errors are told in the server's words, the reason before the title", () => {
  assert.equal(errorOf(400, '{"error": "Error during file upload", "detail": "Not an archive."}').message, "Not an archive.");
  assert.equal(errorOf(404, '{"error": "There is no dataset."}').message, "There is no dataset.");
  assert.equal(errorOf(502, "<html>").message, "The server answered 502.");
});

test("a busy answer names the job", () => {
  const error = errorOf(503, '{"error": "Server is busy, please wait", "busy": true, "job": {"kind": "dataset"}}', "7");
  assert.deepEqual([error.busy, error.job.kind, error.retryAfter], [true, "dataset", 7]);
  assert.equal(errorOf(503, '{"error": "The network is not there."}').busy, false);
});

test("addresses of a manifest", () => {
  assert.equal(fill("/maps/x/rows/{n}", { n: 7 }), "/maps/x/rows/7");
  assert.equal(spriteUrl({ thumbnails: { url: "/maps/x/thumbnails" } }, Uint32Array.of(5, 17)), "/maps/x/thumbnails?ids=5,17");
});

test("archives become datasets, pictures are searched for", () => {
  const kinds = { "a.ZIP": "archive", "a.tar.gz": "archive", "b.7z": "archive", "c.JPG": "picture", "d.webp": "picture", "e.pdf": "other" };
  for (const [name, kind] of Object.entries(kinds)) assert.equal(kindOf({ name, type: "" }), kind);
  assert.equal(kindOf({ name: "pasted", type: "image/png" }), "picture");
});

test("options of an upload", () => {
  assert.equal(uploadUrl({ name: " ", labels: false }), "/dataset");
  assert.equal(uploadUrl({ name: "Katzen & Hunde", labels: true, network: "resnet50" }), "/dataset?name=Katzen+%26+Hunde&labels=folders&network=resnet50");
});

/** A ZIP's central directory and end, without the files themselves. */
function zip(names, comment = "") {
  const encoder = new TextEncoder();
  const entries = names.map((name) => {
    const bytes = encoder.encode(name);
    const entry = new Uint8Array(46 + bytes.length);
    new DataView(entry.buffer).setUint32(0, 0x02014b50, true);
    new DataView(entry.buffer).setUint16(28, bytes.length, true);
    entry.set(bytes, 46);
    return entry;
  });
  const size = entries.reduce((sum, entry) => sum + entry.length, 0);
  const end = new Uint8Array(22 + comment.length);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint32(12, size, true);
  view.setUint32(16, 5, true);
  end.set(encoder.encode(comment), 22);
  return new Blob([new Uint8Array(5), ...entries, end]);
}

test("a look into a ZIP counts pictures and their top-level folders", async () => {
  const names = ["cats/", "cats/1.jpg", "cats/deep/2.PNG", "dogs/3.webp", "4.gif", "notes.txt", "__MACOSX/cats/1.jpg", "dogs/.hidden.jpg"];
  assert.deepEqual(await listZip(zip(names, "a comment")), { top: 1, inside: 2, deeper: 1, folders: ["cats", "dogs"] });
});

test("folders are suggested as labels where there are several, or where all pictures are in one", () => {
  const suggested = (names) => suggestsLabels(listingOf(names));
  assert.deepEqual([["a/1.jpg", "b/2.jpg", "3.jpg", "4.jpg"], ["a/1.jpg"], ["a/1.jpg", "2.jpg"], ["1.jpg"]].map(suggested), [true, true, false, false]);
  assert.equal(suggestsLabels(null), false);
});

test("without labels only pictures outside folders count, with them those right inside too", () => {
  const listing = listingOf(["1.jpg", "a/2.jpg", "a/b/3.jpg"]);
  assert.deepEqual([usedOf(listing, false), usedOf(listing, true)], [1, 2]);
});

test("what is no plain ZIP has no listing", async () => {
  assert.equal(await listZip(new Blob(["not a zip"])), null);
  assert.equal(findEnd(new Uint8Array(30)), null);
  const broken = new Uint8Array(await zip(["a.jpg"]).arrayBuffer());
  new DataView(broken.buffer).setUint32(broken.length - 22 + 16, 9_999_999, true);
  assert.equal(await listZip(new Blob([broken])), null);
  assert.deepEqual(entryNames(new Uint8Array(46)), []);
  assert.deepEqual(listingOf([]), { top: 0, inside: 0, deeper: 0, folders: [] });
});
