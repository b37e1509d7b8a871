/** The page's forms: their token, that they are sent one at a time, and what they were opened for. */

import { notify } from "./notice.js";

/** @typedef {import("../session-sync.js").State["platform"]} Platform */

/** A person whose form has no answer after so long may send it again. */
const ANSWERED_WITHIN = 10_000;

export class Forms {
  /** @type {?HTMLFormElement} */
  #sending = null;
  /** @type {Platform} the platform that the page was opened in, as far as its reader knows */
  opened = null;

  /** @returns {string | undefined} the CSRF token that they carry */
  get token() {
    return this.#tokens[0]?.value;
  }

  set token(token) {
    for (const field of this.#tokens) field.value = token ?? "";
  }

  get #tokens() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=csrf_token]"));
  }

  /** The form that is on its way, or null. */
  get sending() {
    return this.#sending;
  }

  /**
   * While a form is on its way none is sent. To be called after all that may hold a form back.
   * @param {() => void} [isFree] called when the form on its way was stopped
   */
  sendOneAtATime(isFree) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let waiting;
    let hasBegun = false;
    const free = () => {
      clearTimeout(waiting);
      if (this.#sending) this.#sending.ariaBusy = null;
      this.#sending = null;
      isFree?.();
    };
    document.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      if (this.#sending) return event.preventDefault();
      this.#sending = /** @type {HTMLFormElement} */ (event.target);
      this.#sending.ariaBusy = "true";
      hasBegun = false;
      waiting = setTimeout(free, ANSWERED_WITHIN);
    });
    addEventListener("pageshow", ({ persisted }) => persisted && free());
    // It was stopped. Not all browsers tell; and they tell so, too, of what the form takes the place of,
    // and of a form that goes on behind a jump within the page, which begins at once then.
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let stopped;
    window.navigation?.addEventListener("navigateerror", () => {
      if (hasBegun) stopped = setTimeout(free);
    });
    window.navigation?.addEventListener("navigate", () => {
      clearTimeout(stopped);
      hasBegun = true;
    });
  }

  /**
   * Asks before a form is sent that was opened in another platform than the session is in now.
   * @param {() => Platform} present
   */
  ask(present) {
    this.opened = present();
    document.addEventListener(
      "submit",
      (event) => {
        const form = /** @type {HTMLFormElement} */ (event.target);
        const now = present();
        if (!form.matches("[data-of-the-platform]") || now?.id === this.opened?.id) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const [then, here] = [this.opened, now].map((platform) => platform?.name ?? "no platform");
        notify("failed", `Not sent yet: you opened this page in ${then}, and you are in ${here} now. Send it again if that is what you want.`);
        this.opened = now;
      },
      { capture: true },
    );
  }
}
