/** Keeps this page in step with its session. Each module beside this one sees to one thing. */

import { warnBeforeTheEnd } from "./page/expiry.js";
import { Forms } from "./page/forms.js";
import { letGo, lookThrough, waitForAnother } from "./page/kept.js";
import { notify } from "./page/notice.js";
import { showPlatform } from "./page/platform.js";
import { showTimes } from "./page/times.js";
import { TypedText } from "./page/typed.js";
import { SessionSync } from "./session-sync.js";

/** Signing in again ends the session before, too: so long a page stays as it is, in milliseconds. */
const STAYS_FOR = 300;

/** And so long it waits for the server to say whether there is another, in milliseconds. */
const ANSWERS_WITHIN = 15_000;

/** The ends that somebody chose, besides signing out. With others, what was typed waits for its person. */
const CHOSEN = ["revoked_by_user", "revoked_by_admin", "password_changed", "user_disabled"];

const NOT_SIGNED_OUT = "You may still be signed in. Please try again.";

const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-state]"));

/** @type {?import("./session-sync.js").State} */
const state = script.dataset.state ? JSON.parse(script.dataset.state) : null;
const query = new URLSearchParams(location.search);
// What came of something is said once: reloading and coming back do not say it of what was sent since.
for (const name of ["done", "failed"]) query.delete(name);
const own = location.pathname + (query.size ? `?${query}` : "");
// Some pages have another: the answer to a form stands at that of the page that sent it.
const here = script.dataset.wayBack || own;
const forms = new Forms();
// The form for signing in has a token of its own.
const sync = new SessionSync({ state, csrfToken: state ? forms.token : undefined });

if (state) followSession(state);
else waitAtTheDoor();
sync.start();

/** @param {import("./session-sync.js").State} opened how it was when the page was made */
function followSession(opened) {
  const whose = { user: opened.user.id, session: opened.session.created_at };
  becomes(here);
  forms.ask(() => (sync.state ? sync.state.platform : forms.opened));
  showPlatform(sync);
  showTimes(sync);
  warnBeforeTheEnd(sync, here);

  sync.addEventListener("switched", () => (forms.opened = sync.state?.platform ?? null));

  // After all that may hold a form back.
  forms.sendOneAtATime();
  const typed = new TypedText(here, whose);
  const signOut = /** @type {?HTMLFormElement} */ (document.querySelector(".sign-out"));
  // Whether its person has signed out, as far as is known: an answer may be lost.
  let isLeaving = false;
  let hasFailed = false;
  // This page may be older than what it says, so the server is asked whose it is.
  sync.addEventListener("confirmed", () => {
    if (hasFailed && forms.sending !== signOut) isLeaving = false;
    if (sync.state?.user.id === opened.user.id) typed.giveBack();
  });
  if (typed.isWaiting) sync.refresh();

  signOut?.addEventListener("submit", async (event) => {
    if (signOut.ariaBusy) return event.preventDefault();
    // After a failure the form goes its own way, unless another is on its way.
    isLeaving ||= !hasFailed || !forms.sending;
    if (hasFailed) return;
    event.preventDefault();
    signOut.ariaBusy = "true";
    hasFailed = !(await sync.signOut());
    if (hasFailed && (await sync.refresh()) !== "signed_out") notify("failed", NOT_SIGNED_OUT);
    signOut.ariaBusy = null;
  });
  sync.addEventListener("signed_in", async () => {
    // Another person's page is not for this one.
    if (sync.state?.user.id !== opened.user.id) {
      typed.forget();
      document.body.classList.add("over");
      return location.replace(here);
    }
    document.body.classList.remove("over");
    whose.session = sync.state.session.created_at;
    const token = await sync.csrfToken();
    if (token) forms.token = token;
    notify("done", "You are signed in again.");
  });
  sync.addEventListener("ended", async () => {
    const reason = sync.ended?.end_reason ?? sync.ended?.code ?? "";
    document.body.classList.add("over");
    if (isLeaving || CHOSEN.includes(reason)) {
      typed.forget(whose.session);
    } else if (reason === "logout") {
      if (await beginsAgain()) return;
      waitForAnother();
    }
    const query = new URLSearchParams({ reason });
    if (!isLeaving) query.set("next", here);
    location.replace(`/login?${query}`);
  });

  /** Whether another session takes the place of the one that is over. */
  async function beginsAgain() {
    await after(STAYS_FOR);
    if (!sync.state) await Promise.race([sync.refresh(), after(ANSWERS_WITHIN)]);
    return sync.state !== null;
  }
}

/** @param {number} milliseconds */
function after(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The sign-in page goes on when another tab of the browser signs in. */
function waitAtTheDoor() {
  const reason = query.get("reason") ?? "";
  if (CHOSEN.includes(reason)) letGo();
  if (reason === "logout") waitForAnother();
  else lookThrough();
  const next = /** @type {?HTMLInputElement} */ (document.querySelector("input[name=next]"));
  if (next && !location.search) becomes(`/login?${new URLSearchParams({ next: next.value })}`);
  // A form on its way brings a session of its own.
  const goOn = () => {
    if (next && sync.state && !forms.sending) location.replace(next.value);
  };
  forms.sendOneAtATime(goOn);
  // Another tab may tell what is over: nobody who is typing here is led away for that.
  sync.addEventListener("signed_in", () => sync.refresh());
  sync.addEventListener("confirmed", goOn);
}

/**
 * Makes an answer to a form the page at an address, which reloading and going back ask for without
 * sending the form again.
 * @param {string} address
 */
function becomes(address) {
  history.replaceState(history.state, "", address + location.hash);
}
