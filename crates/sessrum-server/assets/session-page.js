/** Keeps this page in step with its session. Each module beside this one sees to one thing. */

import { warnBeforeTheEnd } from "./page/expiry.js";
import { Forms } from "./page/forms.js";
import { hasArrived, letGo, lookThrough } from "./page/kept.js";
import { notify } from "./page/notice.js";
import { showPlatform } from "./page/platform.js";
import { showTimes } from "./page/times.js";
import { SessionSync } from "./session-sync.js";

/** How long the answer to a sign-in may take once the session before has ended, in milliseconds. */
const NEW_COOKIE_WITHIN = 300;

/** The ends that come by themselves: what was typed waits for its person. */
const KEEPS = ["session_expired", "session_not_found", "evicted"];

const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-state]"));

/** @type {?import("./session-sync.js").State} */
const state = script.dataset.state ? JSON.parse(script.dataset.state) : null;
const query = new URLSearchParams(location.search);
// What is done is said once: reloading and coming back do not say it of what was sent since.
query.delete("done");
const own = location.pathname + (query.size ? `?${query}` : "");
// What a form's answer shows has the address of a page beside.
const wayBack = script.dataset.wayBack || location.pathname;
const here = wayBack.split("?")[0] === location.pathname && location.search ? own : wayBack;
const forms = new Forms(here);
// The form for signing in has a token of its own.
const sync = new SessionSync({ state, csrfToken: state ? forms.token : undefined });

if (state) followSession(state);
else goOnOnceSignedIn();
sync.start();

/** @param {import("./session-sync.js").State} opened how it was when the page was made */
function followSession(opened) {
  const whose = { user: opened.user.id, session: opened.session.created_at };
  becomes(here);
  forms.ask(() => sync.state?.platform ?? null);
  showPlatform(sync);
  showTimes(sync);
  warnBeforeTheEnd(sync, here);

  sync.addEventListener("switched", () => (forms.opened = sync.state?.platform ?? null));

  let isLeaving = false;
  const signOut = /** @type {?HTMLFormElement} */ (document.querySelector(".sign-out"));
  signOut?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isLeaving) return;
    isLeaving = true;
    if (await sync.signOut()) return;
    // Without an answer the form goes its own way, and says what is wrong.
    isLeaving = false;
    forms.forget(whose.session);
    signOut.submit();
  });
  sync.addEventListener("signed_in", async () => {
    // Another person's page is not for this one.
    if (sync.state?.user.id !== opened.user.id) {
      forms.forget(whose.session);
      return location.replace(here);
    }
    whose.session = sync.state.session.created_at;
    const token = await sync.csrfToken();
    if (token) forms.token = token;
    notify("done", "You are signed in again.");
  });
  sync.addEventListener("ended", async () => {
    const { code, end_reason } = sync.ended ?? { code: "session_not_found" };
    const isLogout = end_reason === "logout";
    document.body.classList.add("over");
    // Signing in again ends the session before, too: then the page goes on in the new one.
    if (isLogout && !isLeaving && (await beginsAgain())) return document.body.classList.remove("over");
    // Whoever signs out, or is signed out by somebody, leaves nothing behind.
    if (!KEEPS.includes(end_reason ?? code)) forms.forget(whose.session);
    const query = new URLSearchParams({ reason: end_reason ?? code });
    if (!isLeaving) query.set("next", here);
    location.replace(`/login?${query}`);
  });

  // After all that may hold a form back.
  forms.sendOnce();
  forms.keepFor(whose);
  if (document.querySelector("[data-done]")) hasArrived();
  giveBack();

  /** This page may be older than what it says, so the server is asked whose it is. */
  async function giveBack() {
    const { user } = opened;
    if (!lookThrough().size || (await sync.refresh()) !== "signed_in") return;
    if (sync.state?.user.id === user.id) forms.restore(user.id);
  }

  /** Whether another session takes the place of the one that is over. */
  async function beginsAgain() {
    await new Promise((resolve) => setTimeout(resolve, NEW_COOKIE_WITHIN));
    return sync.state !== null || (await sync.refresh()) === "signed_in";
  }
}

/** The sign-in page of a browser in which another tab signs in. */
function goOnOnceSignedIn() {
  const reason = query.get("reason");
  if (reason && !KEEPS.includes(reason)) letGo();
  else lookThrough();
  forms.sendOnce();
  const next = /** @type {?HTMLInputElement} */ (document.querySelector("input[name=next]"));
  if (next && !location.search) becomes(`/login?${new URLSearchParams({ next: next.value })}`);
  sync.addEventListener("signed_in", () => {
    if (next) location.replace(next.value);
  });
}

/**
 * Makes an answer to a form the page at an address, which reloading and going back ask for without
 * sending the form again.
 * @param {string} address
 */
function becomes(address) {
  history.replaceState(history.state, "", address + location.hash);
}
