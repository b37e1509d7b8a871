/** The page's forms: their token, what was typed into them, and what they were opened for. */

import { notify } from "./notice.js";

/** @typedef {import("../session-sync.js").State["platform"]} Platform */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */
/** @typedef {{user: number | string, sent: ?string, fields: [action: string, name: string, value: string][]}} Kept */

/** What keeps a page's text is called so, with the page's address behind it. */
const KEPT = "sessrum:typed:";

/** What is never kept: what is secret, and what the server puts in. */
const NOT_KEPT = ["password", "hidden", "file", "submit"];

export class Forms {
  #forms = [...document.forms];
  #key;
  /** @type {Platform} the platform that the page was opened in, as far as its reader knows */
  opened = null;
  /** @type {?string} where the form goes that the page was left by */
  #sent = null;
  #isOver = false;

  /** @param {string} page its address */
  constructor(page) {
    this.#key = KEPT + page.split("?")[0];
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
   * @param {number | string} user
   */
  keepFor(user) {
    document.addEventListener("submit", ({ defaultPrevented, target }) => {
      if (!defaultPrevented) this.#sent = action(/** @type {HTMLFormElement} */ (target));
    });
    addEventListener("pagehide", () => this.#isOver || this.#keep(user));
  }

  /** @param {number | string} user */
  #keep(user) {
    /** @type {Kept["fields"]} */
    const fields = this.#forms.flatMap((form) =>
      changed(form).map((field) => /** @type {Kept["fields"][0]} */ ([action(form), field.name, value(field)])),
    );
    const kept = { user, sent: this.#sent, fields };
    if (fields.length) sessionStorage.setItem(this.#key, JSON.stringify(kept));
  }

  /**
   * Puts back what was kept of this page. What another person typed goes, whatever the page.
   * @param {number | string} user
   */
  restore(user) {
    // What was sent has arrived, unless its person had to sign in first.
    const isWaiting = new URL(document.referrer || location.href).pathname === "/login";
    for (const key of keys()) {
      /** @type {Kept} */
      const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
      if (!isWaiting) kept.fields = kept.fields.filter(([to]) => to !== kept.sent);
      const isHere = key === this.#key;
      if (kept.user !== user || isHere || !kept.fields.length) sessionStorage.removeItem(key);
      else if (!isWaiting) sessionStorage.setItem(key, JSON.stringify({ ...kept, sent: null }));
      if (kept.user === user && isHere && this.#putBack(kept)) notify("", "What you had typed is here again.");
    }
  }

  /** Lets go of all that was kept in this tab, and keeps nothing more. */
  forget() {
    this.#isOver = true;
    for (const key of keys()) sessionStorage.removeItem(key);
  }

  /** @param {Kept} kept */
  #putBack({ fields }) {
    const found = fields.map(([to, name, text]) => {
      const form = this.#forms.find((form) => action(form) === to);
      const field = form?.elements.namedItem(name);
      if (!(field instanceof HTMLElement)) return false;
      setValue(/** @type {Field} */ (field), text);
      field.closest("details")?.setAttribute("open", "");
      return true;
    });
    return found.includes(true);
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

function keys() {
  return Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT));
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
    if (!field.name || NOT_KEPT.includes(field.type)) return false;
    // The server has put back what was typed.
    if ("typed" in form.dataset && value(field)) return true;
    if (field instanceof HTMLSelectElement) {
      return [...field.options].some((option) => option.selected !== option.defaultSelected);
    }
    return isBox(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  });
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
