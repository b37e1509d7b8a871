/** The page's forms: their token, what was typed into them, and what they were opened for. */

import { isSent, keep, letGo, lookThrough } from "./kept.js";
import { notify } from "./notice.js";

/** @typedef {import("../session-sync.js").State["platform"]} Platform */
/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/** What is never kept: what is secret, and what the server puts in. */
const NOT_KEPT = ["password", "hidden", "file", "submit"];

/** A person whose form has no answer after so long may send it again. */
const ANSWERED_WITHIN = 10_000;

export class Forms {
  #forms = [...document.forms];
  #page;
  /** @type {Platform} the platform that the page was opened in, as far as its reader knows */
  opened = null;
  #isOver = false;

  /** @param {string} page its address */
  constructor(page) {
    [this.#page] = page.split("?");
  }

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

  /**
   * Keeps in this tab what was typed, whenever the page is left, until the same person is back on it.
   * @param {{user: number | string, session: string}} whose
   */
  keepFor(whose) {
    document.addEventListener("submit", ({ defaultPrevented, target }) => {
      const form = /** @type {HTMLFormElement} */ (target);
      if (!defaultPrevented) isSent(this.#page, changed(form).length ? action(form) : null);
    });
    addEventListener("pagehide", () => {
      const fields = this.#forms.flatMap((form) =>
        changed(form).map((field) => /** @type {Kept["fields"][0]} */ ([action(form), field.name, value(field)])),
      );
      if (fields.length && !this.#isOver) keep(this.#page, { ...whose, fields });
    });
  }

  /**
   * Puts back what was kept of this page. What another person typed goes, whatever the page.
   * @param {number | string} user
   */
  restore(user) {
    for (const [page, kept] of lookThrough()) {
      if (kept.user !== user || (page === this.#page && this.#putBack(kept))) keep(page, null);
    }
  }

  /**
   * Lets go of all that was kept, and keeps nothing more.
   * @param {string} session when it began
   */
  forget(session) {
    this.#isOver = true;
    letGo(session);
  }

  /**
   * What was typed meanwhile stays. Whether these fields are on this page.
   * @param {Kept} kept
   */
  #putBack({ fields }) {
    const meanwhile = this.#forms.flatMap(changed);
    const found = fields.flatMap(([to, name, text]) => {
      const form = this.#forms.find((form) => action(form) === to);
      const field = /** @type {?Field} */ (form?.elements.namedItem(name));
      return field instanceof HTMLElement && isKept(field) ? [{ field, text }] : [];
    });
    const free = found.filter(({ field }) => !meanwhile.includes(field));
    for (const { field, text } of free) {
      setValue(field, text);
      field.closest("details")?.setAttribute("open", "");
    }
    if (free.length) notify("", "What you had typed is here again.");
    return found.length > 0;
  }

  /** A form that is on its way is not sent again. To be called after all that may hold a form back. */
  sendOnce() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let waiting;
    const isAnswered = () => {
      clearTimeout(waiting);
      for (const form of this.#forms) form.ariaBusy = null;
    };
    document.addEventListener("submit", (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      if (event.defaultPrevented) return;
      if (form.ariaBusy) return event.preventDefault();
      isAnswered();
      form.ariaBusy = "true";
      waiting = setTimeout(isAnswered, ANSWERED_WITHIN);
    });
    addEventListener("pageshow", ({ persisted }) => persisted && isAnswered());
    // It was stopped. Not all browsers tell.
    window.navigation?.addEventListener("navigateerror", isAnswered);
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

/** @param {HTMLFormElement} form */
function action(form) {
  return form.getAttribute("action") ?? "";
}

/**
 * The fields that a person changed.
 * @param {HTMLFormElement} form
 */
function changed(form) {
  return /** @type {Field[]} */ ([...form.elements]).filter((field) => {
    if (!isKept(field)) return false;
    // The server has put back what was typed.
    if ("typed" in form.dataset && value(field)) return true;
    if (field instanceof HTMLSelectElement) {
      return [...field.options].some((option) => option.selected !== option.defaultSelected);
    }
    return isBox(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  });
}

/** @param {Field} field */
function isKept(field) {
  return field.name !== "" && !NOT_KEPT.includes(field.type);
}

/**
 * @param {Field} field
 * @returns {field is HTMLInputElement}
 */
function isBox(field) {
  return field.type === "checkbox" || field.type === "radio";
}

/** @param {Field} field */
function value(field) {
  return isBox(field) ? String(field.checked) : field.value;
}

/**
 * @param {Field} field
 * @param {string} text
 */
function setValue(field, text) {
  if (isBox(field)) field.checked = text === "true";
  else field.value = text;
}
