/** Which platform the session is in: shown wherever the page names it, and switched. */

import { hush, notify } from "./notice.js";

/** @typedef {import("../session-sync.js").SessionSync} SessionSync */
/** @typedef {import("../session-sync.js").State["platform"]} Platform */

const CHANGED_ELSEWHERE =
  "Your session was changed elsewhere meanwhile. This is how it is now: please choose again.";

/** @param {SessionSync} sync */
export function showPlatform(sync) {
  /** The forms of a platform are beside each other in its row. */
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-platform]")]);
  const platforms = rows.map((row) => /** @type {Platform} */ (JSON.parse(row.dataset.platform ?? "null")));

  const showConfirmed = () => show(sync.state?.platform ?? null, sync.state?.session.revision);

  sync.addEventListener("switching", (event) => {
    const { platformId } = detail(event);
    hush();
    const chosen = platforms.find((platform) => platform?.id === platformId) ?? null;
    show(chosen, sync.state?.session.revision);
    busy(true);
  });
  sync.addEventListener("switched", () => {
    showConfirmed();
    busy(false);
    notify("done", `You are in ${sync.state?.platform?.name} now.`);
    // The button that was pressed is gone.
    if (document.activeElement === document.body) document.getElementById("content")?.focus();
  });
  sync.addEventListener("switch_failed", (event) => {
    const { problem } = detail(event);
    // The page lists platforms that are gone: it is had anew, and says so.
    if (problem.code === "platform_not_found") return location.replace(`?failed=${problem.code}`);
    showConfirmed();
    busy(false);
    notify("failed", problem.code === "revision_conflict" ? CHANGED_ELSEWHERE : problem.detail);
  });
  sync.addEventListener("state", (event) => {
    const { state, previous } = detail(event);
    if (sync.switching !== null) return;
    showConfirmed();
    if (!previous || previous.platform?.id === state.platform?.id) return;
    const where = state.platform ? `in ${state.platform.name}` : "in no platform";
    notify("", `You are ${where} now: that was changed in another tab or elsewhere.`);
  });

  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("[data-switch]")) return;
    event.preventDefault();
    const id = JSON.parse(form.closest("[data-platform]")?.getAttribute("data-platform") ?? "null")?.id;
    sync.switchPlatform(id);
  });

  /**
   * @param {Platform} platform
   * @param {number} [revision]
   */
  function show(platform, revision) {
    document.body.dataset.platformId = String(platform?.id ?? "");
    document.body.dataset.revision = String(revision ?? "");
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (
      document.querySelectorAll("input[name=revision]")
    )) {
      field.value = String(revision ?? "");
    }
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll("[data-of-platform]")
    )) {
      const name = /** @type {keyof NonNullable<Platform>} */ (element.dataset.ofPlatform);
      element.textContent = String(platform?.[name] ?? element.dataset.otherwise ?? "");
    }
    shown("[data-in-platform]", platform !== null);
    shown("[data-in-none]", platform === null);
    rows.forEach((row, index) => {
      const isHere = platform !== null && platforms[index]?.id === platform.id;
      if (row.hasAttribute("data-others")) row.hidden = isHere;
      shown("[data-when-here]", isHere, row);
      shown("[data-when-elsewhere]", !isHere, row);
    });
  }
}

/** @param {Event} event */
function detail(event) {
  return /** @type {CustomEvent} */ (event).detail;
}

/** @param {boolean} isBusy */
function busy(isBusy) {
  document.getElementById("content")?.setAttribute("aria-busy", String(isBusy));
  document.body.classList.toggle("busy", isBusy);
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
    document.querySelectorAll("[data-switch] button")
  )) {
    button.disabled = isBusy;
  }
}

/**
 * @param {string} selector
 * @param {boolean} isShown
 * @param {ParentNode} [root]
 */
function shown(selector, isShown, root = document) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))) {
    element.hidden = !isShown;
  }
}
