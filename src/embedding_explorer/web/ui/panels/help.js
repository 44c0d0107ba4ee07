// @ts-check
/** All keys and gestures. */
import { el } from "../dom.js";
import { openDialog } from "../parts/dialog.js";

/** @type {[string, [string, string][]][]} */
const TOPICS = [
  ["Mouse", [
    ["Drag", "turn the map, or draw with the chosen tool"],
    ["Right drag, Shift + drag", "move the map; with box or lasso chosen, the right button turns it"],
    ["Wheel", "come nearer, go away"],
    ["Point", "see an image"],
    ["Click", "look at an image and its neighbours"],
    ["Double click", "fly to an image"],
  ]],
  ["Touch", [
    ["One finger", "turn the map, or draw with the chosen tool"],
    ["Two fingers", "move and zoom"],
    ["Tap", "look at an image"],
    ["Double tap", "fly to an image"],
  ]],
  ["Box and lasso", [
    ["Draw", "a new selection"],
    ["Shift + draw", "add to the selection"],
    ["Alt + draw", "take from the selection"],
  ]],
  ["Keys on the map", [
    ["← ↑ → ↓", "turn"],
    ["Shift + ← ↑ → ↓", "move"],
    ["+  −", "come nearer, go away"],
    ["0", "show all"],
    ["2  3", "two or three dimensions"],
    ["Enter", "look at the image nearest to the middle"],
    ["Esc", "close, step back, clear"],
  ]],
  ["Keys everywhere", [
    ["/", "search"],
    ["V  B  L", "orbit, box, lasso"],
    ["R", "the other reduction"],
    ["I", "invert the selection"],
    ["[  ]", "previous, next image"],
    ["?", "this help"],
  ]],
  ["Two maps compared", [
    ["Point, click, select", "the same image is marked on both maps"],
    ["Double click", "fly to it on both"],
    ["← → on the slider", "let the images glide from map A to map B"],
  ]],
  ["In lists", [
    ["← ↑ → ↓", "walk; the map shows where an image lies"],
    ["Enter", "look at it, show only that class"],
    ["← → beside the picture", "the previous, the next one of the list"],
  ]],
];

export function openHelp() {
  const body = el(
    "div",
    { class: "help-topics" },
    TOPICS.map(([title, lines]) => el("section", null, el("h3", null, title), el("dl", { class: "help-lines" }, lines.map(([keys, text]) => [el("dt", null, keyCaps(keys)), el("dd", null, text)])))),
    el("section", { class: "help-wide" }, el("h3", null, "Drop on the page"), el("p", null, "A ZIP, 7z or tar of pictures becomes a new map. A single picture is searched for: the images most like it are listed, and its place is marked. A picture can also be pasted.")),
  );
  openDialog({ title: "Keys and gestures", body, testid: "help", kind: "wide" });
}

/** @param {string} text */
function keyCaps(text) {
  const isKey = (word) => /^(\S|Shift|Alt|Enter|Esc)$/u.test(word) && (word !== "+" || text.startsWith("+"));
  return text.split(/(\s+)/).map((word) => (isKey(word) ? el("kbd", null, word) : word));
}
