// @ts-check
/** Lists of values with commas, and how many models they make. Pure functions. */

/** The values of a list, each once, brackets and blanks aside. @param {string} text @returns {string[]} */
export function values(text) {
  const inner = text.trim().replace(/^\[/, "").replace(/\]$/, "");
  return [...new Set(inner.split(",").map((each) => each.trim()).filter(Boolean).map((each) => (Number.isFinite(Number(each)) ? String(Number(each)) : each)))];
}

/**
 * What a form with these lists makes, in a sentence; empty for one model.
 * @param {string} rates @param {string} sizes
 */
export function sweepWords(rates, sizes) {
  const parts = [[values(rates).length, "learning rates"], [values(sizes).length, "batch sizes"]].filter(([n]) => Number(n) > 1);
  if (!parts.length) return "";
  const total = parts.reduce((product, [n]) => product * Number(n), 1);
  return `${parts.map(([n, name]) => `${n} ${name}`).join(" × ")}: ${total} models, one after another.`;
}

/** The fields that a learning-rate policy has, with their defaults and what they do. */
export const POLICIES = {
  fixed: { label: "Fixed", fields: [] },
  step: { label: "Step down", fields: [["lr_step_size", "33", "Every so many percent"], ["lr_step_gamma", "0.1", "Times"]] },
  multistep: { label: "Steps at points", fields: [["lr_multistep_values", "50,85", "At these percents"], ["lr_multistep_gamma", "0.5", "Times"]] },
  exp: { label: "Exponential decay", fields: [["lr_exp_gamma", "0.95", "Times, each percent"]] },
  inv: { label: "Inverse decay", fields: [["lr_inv_gamma", "0.1", "Gamma"], ["lr_inv_power", "0.5", "Power"]] },
  poly: { label: "Polynomial decay", fields: [["lr_poly_power", "3", "Power"]] },
  sigmoid: { label: "Sigmoid decay", fields: [["lr_sigmoid_step", "50", "Centre, percent"], ["lr_sigmoid_gamma", "0.1", "Steepness"]] },
};

/**
 * The answer of `visualize-lr` as lines of a chart over percent.
 * @param {any[][]} columns
 * @param {string[]} rates
 */
export function rateLines(columns, rates) {
  return columns.map(([name, ...y], index) => ({ id: name, name: `from ${rates[index] ?? "the base rate"}`, x: y.map((_, percent) => percent), y, axis: /** @type {"left"} */ ("left") }));
}
