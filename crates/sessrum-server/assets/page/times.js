/** Keeps "3 minutes ago" true while the page is open. The server words it the same way. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How often it is looked, in milliseconds. */
const EVERY = 15_000;

/** @param {import("../session-sync.js").SessionSync} sync */
export function showTimes(sync) {
  sync.addEventListener("state", () => {
    const time = document.querySelector("time[data-moment=idle]");
    const session = sync.state?.session;
    if (!time || !session) return;
    const ends = [session.idle_expires_at, session.expires_at];
    const first = Math.min(...ends.map((end) => Date.parse(end)));
    time.setAttribute("datetime", new Date(first).toISOString());
    show();
  });
  setInterval(show, EVERY);

  function show() {
    // As the server counts, whatever this device's clock says.
    const now = sync.serverNow / 1000;
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (
      document.querySelectorAll("time[data-distance]")
    )) {
      const text = distance(Date.parse(time.dateTime) / 1000 - now);
      if (time.textContent !== text) time.textContent = text;
    }
  }
}

/**
 * A moment in words, such as "3 minutes ago" or "in 12 hours".
 * @param {number} ahead in seconds; less than 0 for the past
 */
export function distance(ahead) {
  if (ahead <= 0) return -ahead < MINUTE ? "just now" : `${length(-ahead)} ago`;
  if (ahead < MINUTE) return "in less than a minute";
  // To the nearest unit: half an hour has 30 minutes a second later.
  const unit = ahead >= DAY ? DAY : ahead >= HOUR ? HOUR : MINUTE;
  return `in ${length(ahead + unit / 2)}`;
}

/** @param {number} seconds */
function length(seconds) {
  const [unit, name] = seconds >= DAY ? [DAY, "day"] : seconds >= HOUR ? [HOUR, "hour"] : [MINUTE, "minute"];
  const count = Math.floor(seconds / unit);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
