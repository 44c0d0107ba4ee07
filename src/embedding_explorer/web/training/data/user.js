// @ts-check
/** Who is using this page: a name in a cookie, which the server reads too. It protects nothing. */

const NAME = /^[a-z][a-z0-9._-]*$/;
const MOST = 200;
const YEAR = 365 * 24 * 3600; // s

export const RULE = "A name begins with a letter from a to z; letters, digits, dots, underscores and hyphens may follow.";

/** @param {string} name */
export function isName(name) {
  return name.length <= MOST && NAME.test(name);
}

/** The name in a cookie header; empty where there is none. @param {string} cookies */
export function nameIn(cookies) {
  const pair = cookies.split(";").map((each) => each.trim()).find((each) => each.startsWith("username="));
  const name = pair?.slice("username=".length).replace(/^"|"$/g, "") ?? "";
  return isName(name) ? name : "";
}

/** The name of who uses this page; empty for somebody who has not said it. */
export function userName() {
  return nameIn(document.cookie);
}

/** @param {string} name a valid one; empty: forget it */
export function remember(name) {
  document.cookie = `username=${name}; path=/; max-age=${name ? YEAR : 0}; samesite=lax`;
  dispatchEvent(new CustomEvent("username"));
}

/** Where to go on, on this host only. @param {string|null} next */
export function following(next) {
  return next && /^\/(?![/\\])[^\\]*$/.test(next) ? next : "/training";
}
