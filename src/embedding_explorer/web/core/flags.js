// @ts-check
/** The flag byte of each image. */
export const VISIBLE = 1;
export const SELECTED = 2;
export const MATCH = 4;
export const NEIGHBOUR = 16;
export const DIMMED = 32;
export const MARKED = SELECTED | MATCH | NEIGHBOUR;

// What is marked is drawn as if it were so much nearer, what is dimmed farther: the one stays in sight, the other behind.
const MARKED_DEPTH = 0.85;
const DIMMED_DEPTH = 1.25;

/** The factor of a depth by which images are put one before the other, for each flag byte. */
export const ORDER = Float32Array.from({ length: 256 }, (_, flags) => (flags & MARKED ? MARKED_DEPTH : flags & DIMMED ? DIMMED_DEPTH : 1));
