// @ts-check
/** Image lists, and what a classification of one says. Pure functions. */

/**
 * Paths of a list in order: all before the last run of blanks where a number follows it, the line otherwise.
 * @param {string} text
 * @returns {string[]}
 */
export function pathsOf(text) {
  return text.split("\n").map((line) => line.replace(/\r$/, "")).filter((line) => line.trim() !== "").map((line) => /^(.*\S)\s+\d+\s*$/.exec(line)?.[1] ?? line.trim());
}

/**
 * The pictures in one cell of a confusion matrix: those of a true class that were taken for another.
 * @param {any} answer of `classify_many`
 * @param {string} truth
 * @param {string} guess
 * @returns {{path: string, confidence: number}[]} most confident first
 */
export function inCell({ classifications, ground_truths: truths }, truth, guess) {
  return Object.entries(classifications).filter(([path, pairs]) => truths?.[path] === truth && pairs[0]?.[0] === guess)
    .map(([path, pairs]) => ({ path, confidence: pairs[0][1] })).sort((a, b) => b.confidence - a.confidence);
}

/**
 * The line of each path in a list, the first where one comes twice.
 * @param {string[]} paths
 * @returns {Map<string, number>}
 */
export function linesOf(paths) {
  const lines = new Map();
  paths.forEach((path, line) => lines.has(path) || lines.set(path, line));
  return lines;
}

/**
 * Where the server shows a picture itself: those that lie in a job's own folder. Null for all others.
 * @param {string} path
 * @param {string} jobsDir
 */
export function addressOf(path, jobsDir) {
  const root = `${jobsDir.replace(/\/$/, "")}/`;
  return path.startsWith(root) ? `/files/${path.slice(root.length).split("/").map(encodeURIComponent).join("/")}` : null;
}
