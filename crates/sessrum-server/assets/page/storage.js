/** What the browser keeps for these pages. Where it is denied or full, they go on without. */

/** @typedef {"sessionStorage" | "localStorage"} Area of this tab, or of all */

/**
 * @param {Area} area
 * @param {string} key
 */
export function read(area, key) {
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {Area} area
 * @param {string} key
 * @param {?string} text null removes what is there
 */
export function write(area, key, text) {
  try {
    if (text === null) window[area].removeItem(key);
    else window[area].setItem(key, text);
  } catch {
    // Nothing is kept then.
  }
}

/**
 * The keys that begin so.
 * @param {Area} area
 * @param {string} prefix
 */
export function keys(area, prefix) {
  try {
    return Object.keys(window[area]).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
