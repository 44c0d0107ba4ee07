// @ts-check
/** What a confusion matrix says. Pure functions. Rows are true classes, columns predicted ones. */

/**
 * The cells beside the diagonal with the most pictures, greatest first.
 * @param {number[][]} matrix
 * @param {number} most
 * @returns {{row: number, column: number, count: number, share: number}[]} share of the row, 0 to 1
 */
export function worst(matrix, most) {
  const found = [];
  matrix.forEach((cells, row) => {
    const total = sum(cells);
    cells.forEach((count, column) => row !== column && count > 0 && found.push({ row, column, count, share: count / total }));
  });
  return found.sort((a, b) => b.count - a.count || b.share - a.share).slice(0, most);
}

/** Each row's cells as shares of it, 0 to 1. @param {number[][]} matrix @returns {number[][]} */
export function shares(matrix) {
  return matrix.map((cells) => {
    const total = sum(cells) || 1;
    return cells.map((count) => count / total);
  });
}

/**
 * A cell in a sentence.
 * @param {number[][]} matrix
 * @param {string[]} labels
 * @param {number} row
 * @param {number} column
 */
export function cellWords(matrix, labels, row, column) {
  const count = matrix[row][column];
  const total = sum(matrix[row]);
  const share = total ? ` (${Math.round((100 * count) / total)} %)` : "";
  return `${labels[row]} taken for ${row === column ? "what it is" : labels[column]}: ${count} of ${total}${share}`;
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
