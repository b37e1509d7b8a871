/** A page of the server's own in a tab, and what people do there. */

import assert from "node:assert/strict";

import { PASSWORD } from "./server.js";

/** @typedef {import("./browser.js").Profile} Profile */
/** @typedef {import("./browser.js").Tab} Tab */

/**
 * A tab with one of the pages, once it follows its session.
 * @param {Profile} profile
 * @param {string} path
 */
export async function open(profile, path) {
  const page = await profile.newPage();
  // Some of these tests wait for a session to end by itself.
  page.setDefaultTimeout(30_000);
  await page.goto(path);
  return page;
}

/**
 * Goes to a page whose script does not come before the function is called.
 * @param {Tab} page
 * @param {string} path
 * @returns {Promise<() => void>}
 */
export async function goLate(page, path) {
  let release = () => {};
  const released = /** @type {Promise<void>} */ (new Promise((resolve) => (release = resolve)));
  await page.route("**/session-page.js", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(path, { waitUntil: "commit" });
  await page.waitForSelector("h1");
  return release;
}

/**
 * Signs in on the sign-in page that a tab shows.
 * @param {Tab} page
 * @param {string} [username]
 */
export async function signInHere(page, username = "ada") {
  await page.fill("[name=username]", username);
  await page.fill("[name=password]", PASSWORD);
  await page.click("button[type=submit]");
}

/**
 * Waits until a tab is on the sign-in page and says why.
 * @param {Tab} page
 * @param {string} sentence
 */
export async function isAtTheDoor(page, sentence) {
  await page.waitForURL("**/login?**");
  assert.equal(await page.textContent(".notice"), sentence);
}

/** @param {Tab} page */
export async function typeHalfAName(page) {
  await page.click("summary:has-text('Connect another')");
  const typed = { name: "Half a name", platform_type: "pixelfed", instance_url: "https://half.example", username: "ada" };
  for (const [name, text] of Object.entries(typed)) await page.fill(`main [name=${name}]`, text);
}

/**
 * Makes a page one of an earlier session, as far as its forms are concerned.
 * @param {Tab} page
 */
export function makeTokensOld(page) {
  return page.$$eval("[name=csrf_token]", (tokens) => {
    for (const token of /** @type {HTMLInputElement[]} */ (tokens)) token.value = "old";
  });
}

/** @param {Tab} page */
export async function leaveForDevices(page) {
  await page.click("nav >> text=Devices");
  await page.waitForSelector("h1:has-text('Devices')");
}

/**
 * Waits until what was typed is there again.
 * @param {Tab} page
 */
export async function isHereAgain(page) {
  await page.waitForSelector("#live :text('What you had typed is here again.')");
  assert.equal(await page.inputValue("main [name=name]"), "Half a name");
}
