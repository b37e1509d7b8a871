/** The page's forms: their token, what was typed into them, and what they were opened for. */

import { notify } from "./notice.js";

/** @typedef {import("../session-sync.js").State["platform"]} Platform */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */
/** @typedef {{user: number | string, fields: [form: number, name: string, value: string][]}} Kept */

/** What is never kept: what is secret, and what the server puts in. */
const NOT_KEPT = ["password", "hidden", "file", "submit"];

export class Forms {
  #forms = [...document.forms];

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

  get #key() {
    return `sessrum:typed:${location.pathname}`;
  }

  /**
   * Keeps in this tab what was typed and not sent, until the same person is back on this page.
   * @param {number | string} user
   */
  keep(user) {
    /** @type {Kept["fields"]} */
    const fields = this.#forms.flatMap((form, index) =>
      changed(form).map((field) => /** @type {Kept["fields"][0]} */ ([index, field.name, value(field)])),
    );
    if (fields.length) sessionStorage.setItem(this.#key, JSON.stringify({ user, fields }));
  }

  /**
   * Puts back what was kept, if it was this person who typed it.
   * @param {number | string} user
   */
  restore(user) {
    const text = sessionStorage.getItem(this.#key);
    sessionStorage.removeItem(this.#key);
    if (!text) return;
    /** @type {Kept} */
    const kept = JSON.parse(text);
    if (kept.user !== user) return;
    for (const [form, name, text] of kept.fields) {
      const field = this.#forms[form]?.elements.namedItem(name);
      if (!(field instanceof HTMLElement)) continue;
      setValue(/** @type {Field} */ (field), text);
      field.closest("details")?.setAttribute("open", "");
    }
    notify("", "What you had typed is here again.");
  }

  /**
   * Asks before a form is sent that was opened in another platform than the session is in now.
   * @param {() => Platform} present
   */
  ask(present) {
    let opened = present();
    document.addEventListener(
      "submit",
      (event) => {
        const form = /** @type {HTMLFormElement} */ (event.target);
        const now = present();
        if (form.matches("[data-switch], .sign-out") || now?.id === opened?.id) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const [then, here] = [opened, now].map((platform) => platform?.name ?? "no platform");
        notify("failed", `Not sent yet: you opened this page in ${then}, and you are in ${here} now. Send it again if that is what you want.`);
        opened = now;
      },
      { capture: true },
    );
  }
}

/**
 * The fields that a person changed.
 * @param {HTMLFormElement} form
 */
function changed(form) {
  return /** @type {Field[]} */ ([...form.elements]).filter((field) => {
    if (!field.name || NOT_KEPT.includes(field.type)) return false;
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
