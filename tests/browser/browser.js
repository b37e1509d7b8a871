/** Chromium, its profiles and tabs, on a site of a test's own. */

import { chromium } from "playwright-core";

import { Front } from "./front.js";
import { PASSWORD, Server } from "./server.js";

/** @typedef {import("playwright-core").BrowserContext} Profile */
/** @typedef {import("playwright-core").Page} Tab */
/** @typedef {import("../../crates/sessrum-web/assets/session-sync.js").Options} Options */
/** @typedef {{after: (tidyUp: () => unknown) => void}} Test */

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Options for a tab that hears of nothing by its stream, when the front treats that with `silence`:
 * it waits for ever.
 */
export const PATIENT = { openWithin: 1e9, silentFor: 1e9 };

/** @type {Promise<import("playwright-core").Browser> | undefined} one for all tests of a file */
let browser;

/** Ends the browser. For `after`. */
export async function closeBrowser() {
  await (await browser)?.close();
}

/** A server, the application in front of it, and those who visit. */
export class Site {
  /**
   * @param {Test} test
   * @param {Front} front
   * @param {Server} server
   */
  constructor(test, front, server) {
    this.test = test;
    this.front = front;
    this.server = server;
  }

  /**
   * @param {Test} test which ends it
   * @param {Record<string, string>} [settings] `SESSRUM_…`
   */
  static async start(test, settings = {}) {
    const front = await Front.start();
    test.after(() => front.stop());
    const server = await Server.start(front.url, settings);
    test.after(() => server.remove());
    front.port = server.port;
    return new Site(test, front, server);
  }

  /**
   * A profile of a browser: with cookies of its own.
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async profile(options = {}) {
    browser ??= chromium.launch({ executablePath: "/usr/bin/chromium", args: QUIET });
    const profile = await (await browser).newContext({ baseURL: this.front.url, ...options });
    this.test.after(() => profile.close());
    profile.setDefaultTimeout(10_000);
    return profile;
  }

  /**
   * A profile in which ada is signed in.
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async adasProfile(options) {
    const profile = await this.profile(options);
    await signIn(profile, this.front.url);
    return profile;
  }
}

/**
 * Signs in through the API.
 * @param {Profile} profile
 * @param {string} origin
 * @param {string} [username]
 */
export async function signIn(profile, origin, username = "ada") {
  const answer = await profile.request.post("/api/login", {
    headers: { origin },
    data: { username, password: PASSWORD },
  });
  if (!answer.ok()) throw new Error(await answer.text());
}

/**
 * A tab with a page of the application.
 * @param {Profile} profile
 * @param {Options} [options] of its `SessionSync`
 */
export async function openTab(profile, options = {}) {
  const tab = await profile.newPage();
  await tab.goto(`/app#${encodeURIComponent(JSON.stringify(options))}`);
  await tab.waitForFunction(() => window.sync && (window.sync.state || window.sync.ended));
  return tab;
}

/**
 * Waits until something holds.
 * @param {() => boolean | Promise<boolean>} condition
 */
export async function until(condition) {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * The first event of a kind that the tab has had, or has next.
 * @param {Tab} tab
 * @param {string} type
 * @param {number} [after] how many to leave out
 * @returns {Promise<any>} its detail
 */
export async function eventOf(tab, type, after = 0) {
  const found = await tab.waitForFunction(
    ([type, after]) => window.events.filter((event) => event.type === type)[Number(after)],
    [type, after],
    { polling: 10 },
  );
  return (await found.jsonValue()).detail;
}

/**
 * The kinds of the events that the tab has had.
 * @param {Tab} tab
 */
export function typesOf(tab) {
  return tab.evaluate(() => window.events.map((event) => event.type));
}

/**
 * Waits until the tab's session is in a platform.
 * @param {Tab} tab
 * @param {string} name
 */
export async function inPlatform(tab, name) {
  await tab.waitForFunction((name) => window.sync.state?.platform?.name === name, name, { polling: 10 });
}

/**
 * Switches in a tab.
 * @param {Tab} tab
 * @param {number} id
 */
export function switchTo(tab, id) {
  return tab.evaluate((id) => window.sync.switchPlatform(id), id);
}

/**
 * The ids of ada's platforms by name.
 * @param {Profile} profile
 * @returns {Promise<Record<string, number>>}
 */
export async function platforms(profile) {
  const { platforms } = await (await profile.request.get("/api/platforms")).json();
  return Object.fromEntries(platforms.map((/** @type {any} */ { name, id }) => [name, id]));
}

/**
 * Hides a tab or shows it: in a headless browser all of them are visible.
 * @param {Tab} tab
 * @param {"hidden" | "visible"} visibility
 */
export function show(tab, visibility) {
  return tab.evaluate((visibility) => {
    Object.defineProperty(document, "visibilityState", { value: visibility, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visibility);
}
