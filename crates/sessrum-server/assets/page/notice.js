/** Sentences above the content, for what happens while the page is open. */

/**
 * Says something, in the place of what was said before.
 * @param {"" | "done" | "failed"} kind
 * @param {string} text
 */
export function notify(kind, text) {
  const live = document.getElementById("live");
  const notice = document.createElement("p");
  notice.className = `notice ${kind}`.trim();
  if (kind === "failed") notice.setAttribute("role", "alert");
  notice.textContent = text;
  live?.replaceChildren(notice);
}

/** Takes back what was said. */
export function hush() {
  document.getElementById("live")?.replaceChildren();
}
