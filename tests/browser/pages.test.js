import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";

import { Site, closeBrowser, openTab, platforms, signIn, switchTo } from "./browser.js";
import { PASSWORD } from "./server.js";

const MODULE = new URL("../../crates/sessrum-web/assets/session-sync.js", import.meta.url);

after(closeBrowser);

test("the module is small", async () => {
  const bytes = gzipSync(await readFile(MODULE), { level: 6 }).length;
  assert.ok(bytes <= 8_192, `${bytes} bytes`);
});

test("pages ask nothing when they open, and break no rule of their policy", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [page, door] = [await profile.newPage(), await (await site.profile()).newPage()];
  const complaints = /** @type {string[]} */ ([]);
  for (const each of [page, door]) {
    each.on("console", (message) => complaints.push(message.text()));
    each.on("pageerror", (error) => complaints.push(error.message));
  }
  for (const path of ["/", "/account/sessions", "/account/platforms", "/account/security"]) {
    const stream = page.waitForRequest((request) => request.url().endsWith("/events"));
    await page.goto(path);
    await stream;
  }
  await door.goto("/login");
  assert.deepEqual(complaints, []);
  const asked = site.front.requests.filter((request) => request.includes("/api/"));
  assert.ok(asked.every((request) => /login|events/.test(request)), `${asked}`);
});

test("what is smuggled into a page does not run", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await profile.newPage();
  const nonces = [];
  for (let count = 0; count < 2; count++) {
    const answer = await page.goto("/");
    nonces.push(/'nonce-([0-9a-f]{32})'/.exec(answer?.headers()["content-security-policy"] ?? "")?.[1]);
  }
  assert.ok(nonces[0] && nonces[1] && nonces[0] !== nonces[1]);
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    const file = document.createElement("script");
    file.src = "/assets/session-sync.js";
    const loaded = new Promise((resolve) => {
      file.onload = () => resolve(true);
      file.onerror = () => resolve(false);
    });
    document.body.append(file);
    return "ran" in window || (await loaded);
  });
  assert.equal(ran, false);
});

test("forms of open pages take up the token of a new session", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await profile.newPage();
  await page.goto("/account/sessions");
  const field = page.locator("form.sign-out [name=csrf_token]");
  const token = await field.inputValue();
  await signIn(profile, site.front.url);
  await openTab(profile);
  await page.waitForFunction(
    (token) => document.querySelector("form.sign-out [name=csrf_token]")?.getAttribute("value") !== token,
    token,
  );
  await page.click("form.sign-out button");
  await page.waitForURL("**/login?reason=logout");
});

test("a page shows a switch of another tab, and that the session is over", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await profile.newPage();
  await page.goto("/");
  const tab = await openTab(profile);
  const ids = await platforms(profile);
  assert.equal(await page.getAttribute("body", "data-platform-id"), `${ids.Photos}`);
  await switchTo(tab, ids.News);
  await page.waitForSelector(`body[data-platform-id="${ids.News}"]`);
  await tab.evaluate(() => window.sync.signOut());
  await page.waitForSelector('body[data-platform-id=""][data-revision=""]');
});

test("with JavaScript off pages work", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile({ javaScriptEnabled: false });
  const page = await profile.newPage();
  await page.goto("/account/platforms");
  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", PASSWORD);
  await page.click("button");
  await page.waitForURL("**/account/platforms");
  await page.goto("/");
  await page.click("button[aria-label='Switch to News']");
  await page.waitForSelector(".current >> text=News");
  await page.click("form.sign-out button");
  await page.waitForURL("**/login?reason=logout");
});
