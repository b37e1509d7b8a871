/** Keeps this page in step with its session. */

import { SessionSync } from "./session-sync.js";

const { dataset } = document.body;
const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-state]"));
const tokens = () =>
  /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=csrf_token]"));

const state = script.dataset.state ? JSON.parse(script.dataset.state) : null;
// The form for signing in has a token of its own.
const csrfToken = state ? tokens()[0]?.value : undefined;
const sync = new SessionSync({ state, csrfToken });

/** @param {?(number | string)} [platformId] a platform that the session is not in yet */
function show(platformId = sync.state?.platform?.id ?? null) {
  dataset.platformId = String(platformId ?? "");
  dataset.revision = String(sync.state?.session.revision ?? "");
}

for (const type of ["state", "switched", "switch_failed", "ended"]) {
  sync.addEventListener(type, () => show(sync.switching ?? undefined));
}
sync.addEventListener("switching", () => show(sync.switching));
sync.addEventListener("signed_in", async (event) => {
  const { sameUser } = /** @type {CustomEvent} */ (event).detail;
  const token = state && sameUser && (await sync.csrfToken());
  if (token) for (const field of tokens()) field.value = token;
});
sync.start();
