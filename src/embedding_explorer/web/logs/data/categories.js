// @ts-check
/** What the runs have to show, over several runs. Pure functions. */

/** @typedef {Record<string, any>} Categories run → its categories, as `getCategory` answers */
/** @typedef {{tag: string, runs: string[]}} Tagged a tag and the runs that have it */
/** @typedef {{name: string, tags: Tagged[]}} Group */

/** Tags of one kind that a run has. @param {any} category @param {string} kind @returns {string[]} */
export function tagsOf(category, kind) {
  if (!category) return [];
  if (kind === "scalar") return Object.values(category.scalar ?? {}).flat();
  if (kind === "histogram") return category.statistic?.histogram ?? [];
  if (kind === "image" || kind === "audio" || kind === "text") return category.media?.[kind] ?? [];
  return category[kind] ?? [];
}

/** Runs that have anything of a kind. @param {Categories} categories @param {string} kind */
export function runsWith(categories, kind) {
  return Object.keys(categories).filter((run) => tagsOf(categories[run], kind).length > 0);
}

/**
 * Tags of the chosen runs in groups by what stands before their first slash, as the server orders them.
 * @param {Categories} categories
 * @param {string[]} runs
 * @param {string} kind
 * @param {(tag: string) => boolean} [wanted]
 * @returns {Group[]}
 */
export function grouped(categories, runs, kind, wanted = () => true) {
  /** @type {Map<string, Map<string, string[]>>} */
  const groups = new Map();
  for (const run of runs) {
    for (const tag of tagsOf(categories[run], kind)) {
      if (!wanted(tag)) continue;
      const name = tag.split("/", 1)[0];
      const tags = groups.get(name) ?? groups.set(name, new Map()).get(name);
      const found = tags?.get(tag);
      if (found) found.push(run);
      else tags?.set(tag, [run]);
    }
  }
  return [...groups].map(([name, tags]) => ({ name, tags: [...tags].map(([tag, having]) => ({ tag, runs: having })) }));
}

/** What a filter's text lets through: a regular expression, or plain text where it is none. @param {string} text @returns {(tag: string) => boolean} */
export function matcher(text) {
  const wish = text.trim();
  if (!wish) return () => true;
  try {
    const pattern = new RegExp(wish, "iu");
    return (tag) => pattern.test(tag);
  } catch {
    const plain = wish.toLowerCase();
    return (tag) => tag.toLowerCase().includes(plain);
  }
}

/** A group's tag without the group's name, where something is left. @param {string} tag */
export function shortTag(tag) {
  const slash = tag.indexOf("/");
  return slash > 0 && slash < tag.length - 1 ? tag.slice(slash + 1) : tag;
}
