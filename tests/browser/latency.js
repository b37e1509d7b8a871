/**
 * How soon a change is seen, as a Markdown table: `node latency.js [REPEATS]`. An application stands
 * in front of the server, everything on this machine.
 */

import { Site, closeBrowser, eventOf, openTab, platforms } from "./browser.js";

const repeats = Number(process.argv[2] ?? 100);

/** @type {(() => unknown)[]} */
const tidying = [];
const site = await Site.start({ after: (tidyUp) => tidying.unshift(tidyUp) });

/** @typedef {import("./browser.js").Tab} Tab */

/** Shows how far it is, on a terminal alone. */
const progress = (/** @type {string} */ name, /** @type {number} */ done) =>
  process.stderr.isTTY && process.stderr.write(`\r\x1b[K${name}: ${done} of ${repeats}`);

/**
 * @param {string} name
 * @param {number} goal of the 95th percentile, in milliseconds
 * @param {(repeat: number) => Promise<number>} measure in milliseconds
 */
async function row(name, goal, measure) {
  const times = /** @type {number[]} */ ([]);
  for (let repeat = 0; repeat < repeats; repeat++) {
    times.push(await measure(repeat));
    progress(name, repeat + 1);
  }
  times.sort((one, other) => one - other);
  const at = (/** @type {number} */ part) =>
    times[Math.min(times.length - 1, Math.ceil(part * times.length) - 1)].toFixed(1);
  return `| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${goal} |`;
}

/**
 * When the tab had its event number `count` of a kind.
 * @param {Tab} tab
 * @param {string} type
 * @param {number} count
 */
async function timeOf(tab, type, count) {
  await eventOf(tab, type, count);
  return tab.evaluate(
    ([type, count]) => window.events.filter((event) => event.type === type)[Number(count)].at,
    [type, count],
  );
}

/** How many milliseconds a tab takes to show a switch that it is asked for, up to the next frame. */
function optimistic(/** @type {Tab} */ tab, /** @type {number} */ id) {
  return tab.evaluate(async (id) => {
    const shown = new Promise((resolve) => {
      window.sync.addEventListener(
        "switching",
        () => {
          document.body.dataset.platformId = String(id);
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        },
        { once: true },
      );
    });
    const start = performance.now();
    const switched = window.sync.switchPlatform(id);
    const end = Number(await shown);
    await switched;
    return end - start;
  }, id);
}

const laptop = await site.adasProfile();
const phone = await site.adasProfile();
const ids = await platforms(laptop);
const [tab, other] = [await openTab(laptop), await openTab(laptop)];
const remote = await openTab(phone);
const next = (/** @type {number} */ repeat) => (repeat % 2 === 0 ? ids.News : ids.Photos);

const rows = [
  await row("the same tab, a switch", 50, (repeat) => optimistic(tab, next(repeat))),
  await row("another tab, a switch", 100, async (repeat) => {
    const id = next(repeat);
    const seen = other.evaluate(
      (id) =>
        new Promise((resolve) => {
          const look = () => {
            if (window.sync.state?.platform?.id !== id) return;
            window.sync.removeEventListener("state", look);
            resolve(performance.timeOrigin + performance.now());
          };
          window.sync.addEventListener("state", look);
        }),
      id,
    );
    const start = await tab.evaluate(async (id) => {
      const start = performance.timeOrigin + performance.now();
      await window.sync.switchPlatform(id);
      return start;
    }, id);
    return Number(await seen) - start;
  }),
  await row("another device, signed out from here", 300, async () => {
    const profile = await site.adasProfile();
    const device = await profile.newPage();
    const listening = device.waitForResponse((response) => response.url().endsWith("/events"));
    await device.goto("/app");
    await listening;
    const { session } = await (await profile.request.get("/api/session/state")).json();
    const start = await remote.evaluate(async (handle) => {
      const token = (await window.sync.csrfToken()) ?? "";
      const start = performance.timeOrigin + performance.now();
      await fetch(`/api/sessions/${handle}`, { method: "DELETE", headers: { "X-CSRF-Token": token } });
      return start;
    }, session.handle);
    const seen = await timeOf(device, "ended", 0);
    await profile.close();
    return seen - start;
  }),
];
if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");

console.log(`| seen in, after | p50 ms | p95 ms | longest ms | goal p95 ms |
| --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}`);
for (const tidyUp of tidying) await tidyUp();
await closeBrowser();
