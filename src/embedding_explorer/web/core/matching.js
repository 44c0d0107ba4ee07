// @ts-check
/** Two datasets of the same pictures: `matches[row of one]` is the row of the other, NO_ROW where it has none. Pure. */

export const NO_ROW = 0xffffffff;

/**
 * The matches the other way round.
 * @param {Uint32Array} matches
 * @param {number} total images of the other dataset
 * @returns {Uint32Array}
 */
export function inverseMatches(matches, total) {
  const back = new Uint32Array(total).fill(NO_ROW);
  matches.forEach((other, row) => {
    if (other < total) back[other] = row;
  });
  return back;
}

/** The row of the other dataset, -1 for none. @param {Uint32Array} matches @param {number|null|undefined} row @returns {number} */
export function matchOf(matches, row) {
  const other = row === null || row === undefined || row < 0 || row >= matches.length ? NO_ROW : matches[row];
  return other === NO_ROW ? -1 : other;
}

/** Rows of the other dataset for those rows that it has. @param {ArrayLike<number>} rows @param {Uint32Array} matches @returns {Uint32Array} */
export function translated(rows, matches) {
  return Uint32Array.from(rows, (row) => matches[row] ?? NO_ROW).filter((other) => other !== NO_ROW);
}

/** Rows that the other dataset does not have. @param {Uint32Array} matches @returns {number[]} */
export function unmatched(matches) {
  const rows = [];
  for (let row = 0; row < matches.length; row += 1) if (matches[row] === NO_ROW) rows.push(row);
  return rows;
}

/**
 * What each image of one dataset has, for the images of the other.
 * @param {Uint8Array} values of one, by row
 * @param {Uint32Array} back the row of one for each row of the other
 * @param {number} none for images that only the other has
 * @returns {Uint8Array}
 */
export function carriedOver(values, back, none) {
  return Uint8Array.from(back, (row) => (row === NO_ROW ? none : values[row]));
}
