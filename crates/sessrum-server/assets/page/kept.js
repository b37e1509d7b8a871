/** What was typed into the pages, kept in this tab until its person is back. */

import { keys, read, write } from "./storage.js";

/**
 * Who typed it, in which session, and into which fields.
 * @typedef {{user: number | string, session: string, fields: [action: string, name: string, value: string][]}} Kept
 */

/** What keeps a page's text is called so, with the page's path behind it. */
const TYPED = "sessrum:typed:";
/** The form with such text that was sent last: `[page, action]`. */
const SENT = "sessrum:sent";
/** When the newest session began that somebody signed out, known to all tabs. */
const SIGNED_OUT = "sessrum:signed-out";

/**
 * @param {string} page its path
 * @param {?Kept} kept null lets go of it
 */
export function keep(page, kept) {
  write("sessionStorage", TYPED + page, kept?.fields.length ? JSON.stringify(kept) : null);
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
    if (!Array.isArray(kept?.fields) || Date.parse(kept.session) <= signedOut) keep(page, null);
    else pages.set(page, kept);
  }
  return pages;
}

/**
 * A form is on its way.
 * @param {string} page
 * @param {?string} action null: a form without text
 */
export function isSent(page, action) {
  write("sessionStorage", SENT, action && JSON.stringify([page, action]));
}

/** What was sent last has arrived: it is not given back. */
export function hasArrived() {
  const [page, action] = parsed(read("sessionStorage", SENT)) ?? [];
  const kept = lookThrough().get(page);
  if (kept) keep(page, { ...kept, fields: kept.fields.filter(([to]) => to !== action) });
  write("sessionStorage", SENT, null);
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

/** @param {?string} text */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
