/** What was typed into the pages, kept in this tab until its person is back. */

import { keys, read, write } from "./storage.js";

/**
 * What was typed into a form, by field. If it was sent: the rows that it would add to, as they were.
 * @typedef {{fields: Record<string, string>, rows?: string}} Typed
 */
/**
 * What was typed into a page's forms, by where they are sent; by whom, and when their session began.
 * @typedef {{user: number | string, session: string, forms: Record<string, Typed>}} Kept
 */

/** What keeps a page's text is called so, with the page's path behind it. */
const TYPED = "sessrum:typed:";
/** When the newest session began whose text is to go, known to all tabs. */
const SIGNED_OUT = "sessrum:signed-out";
/** Until when what is kept waits for another session, in milliseconds since 1970. */
const UNTIL = "sessrum:until";
/** Signing in anew ends the session before, too, and its answer may come so much later. */
const NEW_SESSION_WITHIN = 15_000;

/**
 * @param {string} page its path
 * @param {?Kept} kept null lets go of it
 */
export function keep(page, kept) {
  const isEmpty = !kept || !Object.keys(kept.forms).length;
  write("sessionStorage", TYPED + page, isEmpty ? null : JSON.stringify(kept));
}

/**
 * What is kept, by page. What cannot be read goes, and what has waited long enough.
 * @returns {Map<string, Kept>}
 */
export function lookThrough() {
  const until = Number(read("sessionStorage", UNTIL));
  if (until && until <= Date.now()) letGo();
  const signedOut = Date.parse(read("localStorage", SIGNED_OUT) ?? "");
  const pages = new Map();
  for (const key of keys("sessionStorage", TYPED)) {
    const kept = parsed(read("sessionStorage", key));
    const page = key.slice(TYPED.length);
    if (!isReadable(kept) || Date.parse(kept.session) <= signedOut) keep(page, null);
    else pages.set(page, kept);
  }
  return pages;
}

/** The session was signed out, or another takes its place: what is kept waits for that. */
export function waitForAnother() {
  if (!lookThrough().size) return;
  const until = read("sessionStorage", UNTIL) ?? String(Date.now() + NEW_SESSION_WITHIN);
  write("sessionStorage", UNTIL, until);
  setTimeout(lookThrough, NEW_SESSION_WITHIN);
}

/** Its person is here. */
export function waitNoMore() {
  write("sessionStorage", UNTIL, null);
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
function isReadable(kept) {
  const isObject = (/** @type {unknown} */ it) => typeof it === "object" && it !== null;
  return isObject(kept?.forms) && Object.values(kept.forms).every((typed) => isObject(typed?.fields));
}

/** @param {?string} text */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
