/** The dialog before a session ends by itself. */

import { notify } from "./notice.js";
import { read, write } from "./storage.js";

/** At these seconds before the end a screen reader says how long there is. */
const SAID_AT = [300, 120, 60, 30, 10];

/** By then the server has said whether the session has ended, if it is there: in milliseconds. */
const OVER_AFTER = 3_000;

/** Which warning this tab was told not to repeat: which end, and the moment from which it holds. */
const NOT_NOW = "sessrum:not-now";

/** Says so in a dialog; the notices are behind it. */
const OVER = "Your session has probably ended: the server does not answer. What you typed stays in this tab.";
const FAILED = "That did not work. Please try again.";

/**
 * @param {import("../session-sync.js").SessionSync} sync
 * @param {string} here the page's address
 */
export function warnBeforeTheEnd(sync, here) {
  const dialog = /** @type {?HTMLDialogElement} */ (document.getElementById("expiry"));
  // Where the password is asked for, there is nothing to be warned of.
  if (!dialog || location.pathname === "/account/confirm") return;
  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement} */ (dialog.querySelector(`[data-part=${name}]`));
  const [left, said, failed] = [part("left"), part("said"), part("failed")];
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let counting;
  let saidAt = Infinity;
  let isOver = false;

  sync.addEventListener("expiring", () => {
    const kind = sync.expiring?.kind;
    if (!kind || read("sessionStorage", NOT_NOW) === warning()) return;
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (dialog.querySelectorAll("[data-end]"))) {
      element.hidden = element.dataset.end !== kind;
    }
    failed.textContent = "";
    saidAt = Infinity;
    isOver = false;
    clearInterval(counting);
    counting = setInterval(count, 250);
    count();
    if (!dialog.open) dialog.showModal();
    // What had the focus may be hidden now.
    else (kind === "idle" ? part("stay") : part("confirm")).focus();
  });
  sync.addEventListener("state", () => {
    if (dialog.open && !sync.expiring) dialog.close();
  });
  sync.addEventListener("ended", () => dialog.close());
  dialog.addEventListener("close", () => clearInterval(counting));

  part("stay").addEventListener("click", async () => {
    dialog.setAttribute("aria-busy", "true");
    const worked = await sync.heartbeat();
    dialog.removeAttribute("aria-busy");
    if (!worked) failed.textContent = FAILED;
    else if (!sync.expiring) notify("done", "You stay signed in.");
  });
  const confirm = /** @type {HTMLAnchorElement} */ (part("confirm"));
  confirm.addEventListener("click", () => {
    confirm.search = String(new URLSearchParams({ next: here }));
  });
  for (const button of dialog.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => {
      notNow();
      dialog.close();
    });
  }

  dialog.addEventListener("cancel", notNow);

  function notNow() {
    write("sessionStorage", NOT_NOW, warning());
  }

  function warning() {
    return sync.expiring && `${sync.expiring.kind} ${sync.state?.session.expiring_at}`;
  }

  function count() {
    // A clock that was set back has made it later.
    if (!sync.expiring) return;
    const ahead = sync.expiring.endsAt - Date.now();
    const seconds = Math.max(0, Math.ceil(ahead / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const wasOver = isOver;
    isOver = ahead < -OVER_AFTER;
    // Said once: each change of an alert is read aloud. A clock that is put right takes it back.
    if (isOver !== wasOver) {
      said.textContent = "";
      failed.textContent = isOver ? OVER : "";
      saidAt = Infinity;
    }
    if (isOver) return;
    const mark = SAID_AT.find((mark) => seconds <= mark && mark < saidAt && seconds > mark - 5);
    if (saidAt === Infinity || mark) {
      saidAt = mark ?? seconds;
      said.textContent = inWords(seconds);
    }
  }
}

/** @param {number} seconds */
function inWords(seconds) {
  const [count, unit] = seconds >= 60 ? [Math.round(seconds / 60), "minute"] : [seconds, "second"];
  return `${count} ${unit}${count === 1 ? "" : "s"} left`;
}
