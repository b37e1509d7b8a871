/** What was typed into the pages, kept in this tab until its person is back. */

import { keys, read, write } from "./storage.js";

/**
 * What was typed into a form, by field. When it was sent, `version` tells whether it has arrived.
 * @typedef {{fields: Record<string, string>, isSent: boolean, version?: string}} Typed
 */
/**
 * What was typed into a page's forms, by where they are sent; by whom, and when their session began.
 * @typedef {{user: number | string, session: string, forms: Record<string, Typed>}} Kept
 */

/** What keeps a page's text is called so, with the page's path behind it. */
const TYPED = "sessrum:typed:";
/** When the newest session began that somebody signed out, known to all tabs. */
const SIGNED_OUT = "sessrum:signed-out";

/**
 * @param {string} page its path
 * @param {?Kept} kept null lets go of it
 */
export function keep(page, kept) {
  const isEmpty = !kept || !Object.keys(kept.forms).length;
  write("sessionStorage", TYPED + page, isEmpty ? null : JSON.stringify(kept));
}

/**
 * What is kept, by page. What cannot be read goes, and what is of a session that was signed out.
 * @returns {Map<string, Kept>}
 */
export function lookThrough() {
  const signedOut = Date.parse(read("localStorage", SIGNED_OUT) ?? "");
  const pages = new Map();
  for (const key of keys("sessionStorage", TYPED)) {
    const kept = parsed(read("sessionStorage", key));
    const page = key.slice(TYPED.length);
    if (!isKept(kept) || Date.parse(kept.session) <= signedOut) keep(page, null);
    else pages.set(page, kept);
  }
  return pages;
}

/**
 * Lets go of all that is kept in this tab, and in the others of what was typed until that session.
 * @param {string} [session] when it began
 */
export function letGo(session) {
  for (const key of keys("sessionStorage", "sessrum:")) write("sessionStorage", key, null);
  const before = Date.parse(read("localStorage", SIGNED_OUT) ?? "");
  if (session && !(Date.parse(session) <= before)) write("localStorage", SIGNED_OUT, session);
}

/**
 * @param {any} kept
 * @returns {kept is Kept}
 */
function isKept(kept) {
  const forms = kept?.forms;
  return typeof forms === "object" && forms !== null && Object.values(forms).every((typed) => typed?.fields);
}

/** @param {?string} text */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
