/** What a person typed into this page's forms: kept when the page is left or hidden, and given back. */

import { keep, letGo, lookThrough, waitNoMore } from "./kept.js";
import { notify } from "./notice.js";

/** @typedef {import("./kept.js").Typed} Typed */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/** What is never kept: what is secret, and what the server puts in. */
const NOT_KEPT = ["password", "hidden", "file", "submit"];

export class TypedText {
  /** Those that a person types into. */
  #forms = [...document.forms].filter((form) => fieldsOf(form).length);
  #page;
  #whose;
  /** Those that were sent as they are. @type {Set<EventTarget | null>} */
  #sent = new Set();
  /** Whether what is in the forms is all there is. */
  #isGivenBack = !this.isWaiting;
  #isOver = false;

  /**
   * Keeps it in this tab whenever the page is left or hidden. To be made after all that may hold a form back.
   * @param {string} page its address
   * @param {{user: number | string, session: string}} whose the session may become another
   */
  constructor(page, whose) {
    [this.#page] = page.split("?");
    this.#whose = whose;
    if (this.#isGivenBack) waitNoMore();
    document.addEventListener("submit", ({ defaultPrevented, target }) => {
      if (!defaultPrevented) this.#sent.add(target);
    });
    document.addEventListener("input", ({ target }) => {
      const form = /** @type {Field} */ (target).form;
      if (!form?.ariaBusy) this.#sent.delete(form);
    });
    addEventListener("pagehide", () => this.#keep());
    // A browser that is short of memory ends a hidden page without a word.
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.#keep());
  }

  /** Whether something waits to be given back, on whatever page. */
  get isWaiting() {
    return lookThrough().size > 0;
  }

  /** Puts back what was kept of this page. What another person typed goes, whatever the page. */
  giveBack() {
    if (this.#isGivenBack || this.#isOver) return;
    waitNoMore();
    for (const [page, kept] of lookThrough()) {
      if (kept.user !== this.#whose.user) keep(page, null);
    }
    const kept = this.#kept();
    // Before anything is put back: what was typed meanwhile stays.
    const free = this.#forms.map((form) => {
      const meanwhile = changed(form);
      return fieldsOf(form).filter((field) => !meanwhile.includes(field));
    });
    this.#forms.forEach((form, index) => {
      const typed = kept[action(form)];
      delete kept[action(form)];
      const fields = free[index].filter((field) => name(field) in (typed?.fields ?? {}));
      for (const field of fields) setValue(field, typed.fields[name(field)]);
      if (!fields.length) return;
      if (typed.rows !== undefined) this.#sent.add(form);
      form.closest("details")?.setAttribute("open", "");
      notify("", "What you had typed is here again.");
    });
    this.#isGivenBack = true;
    keep(this.#page, { ...this.#whose, forms: kept });
  }

  /**
   * Lets go of all that was kept, and keeps nothing more.
   * @param {string} [session] when it began: also in other tabs, if it was typed until then
   */
  forget(session) {
    this.#isOver = true;
    letGo(session);
  }

  #keep() {
    if (this.#isOver) return;
    const forms = this.#kept();
    for (const form of this.#forms) {
      const to = action(form);
      const typed = changed(form).map((field) => [name(field), value(field)]);
      // What waits to be given back stays, beside what was typed since.
      const before = this.#isGivenBack ? {} : forms[to]?.fields;
      if (this.#isGivenBack) delete forms[to];
      if (!typed.length) continue;
      const fields = { ...before, ...Object.fromEntries(typed) };
      forms[to] = { fields, ...(this.#sent.has(form) && { rows: form.dataset.rows }) };
    }
    keep(this.#page, { ...this.#whose, forms });
  }

  /**
   * What is kept of this page and has not arrived: what was sent has, when there is a row that was not.
   * @returns {Record<string, Typed>}
   */
  #kept() {
    const kept = lookThrough().get(this.#page);
    if (kept?.user !== this.#whose.user) return {};
    const hasArrived = (/** @type {[string, Typed]} */ [to, { rows }]) =>
      this.#forms.some((form) => action(form) === to && isMore(form.dataset.rows, rows));
    return Object.fromEntries(Object.entries(kept.forms).filter((typed) => !hasArrived(typed)));
  }
}

/**
 * Whether there are rows that were not there; unknown ones are none.
 * @param {string | undefined} now
 * @param {string | undefined} before
 */
function isMore(now, before) {
  const were = before?.split(" ");
  return were !== undefined && (now ?? "").split(" ").some((row) => !were.includes(row));
}

/** @param {HTMLFormElement} form */
function action(form) {
  return form.getAttribute("action") ?? "";
}

/**
 * The fields of a form that a person types into, and whose text may be kept.
 * @param {HTMLFormElement} form
 * @returns {Field[]}
 */
function fieldsOf(form) {
  const fields = /** @type {HTMLInputElement[]} */ ([...form.elements]);
  return fields.filter(({ name, type, readOnly }) => name && !readOnly && !NOT_KEPT.includes(type));
}

/**
 * Those that a person changed.
 * @param {HTMLFormElement} form
 */
function changed(form) {
  return fieldsOf(form).filter((field) => {
    // The server has put back what was typed.
    if ("typed" in form.dataset && (isBox(field) ? field.checked : field.value)) return true;
    if (field instanceof HTMLSelectElement) {
      return [...field.options].some((option) => option.selected !== option.defaultSelected);
    }
    return isBox(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  });
}

/**
 * What a field is called among those of its form.
 * @param {Field} field
 */
function name(field) {
  return isBox(field) ? `${field.name}=${field.value}` : field.name;
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
