/** How every page looks, for people to look at, and whether everyone can use it. */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import axe from "axe-core";

import { Site, closeBrowser } from "./browser.js";
import { PASSWORD } from "./server.js";

/** @typedef {import("./browser.js").Tab} Tab */

/** Where the pictures go. */
const PICTURES = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
const WIDTHS = [390, 1280];
const SCHEMES = /** @type {const} */ (["light", "dark"]);

/** @type {Record<string, (page: Tab) => Promise<unknown>>} how one comes to see each, signed in as ada */
const PAGES = {
  home: (page) => page.goto("/"),
  "home-after-a-failed-switch": (page) => page.goto("/?failed=changed_elsewhere"),
  devices: (page) => page.goto("/account/sessions"),
  platforms: (page) => page.goto("/account/platforms"),
  "platforms-adding": async (page) => {
    await page.goto("/account/platforms");
    await page.click("summary:has-text('Connect another')");
    await page.fill("[name=name]", "Photos");
    await page.fill("[name=platform_type]", "pixelfed");
    await page.fill("[name=instance_url]", "https://photos.example/");
    await page.fill("main [name=username]", "ada");
    await page.click("button:has-text('Connect')");
    await page.waitForSelector(".notice.failed");
  },
  "platforms-removing": async (page) => {
    await page.goto("/account/platforms");
    await page.click("summary:has-text('Remove')");
  },
  security: (page) => page.goto("/account/security"),
  "security-with-errors": async (page) => {
    await page.goto("/account/security");
    await page.fill("[name=current_password]", "wrong");
    await page.fill("[name=new_password]", "one horse or another");
    await page.fill("[name=new_password_again]", "one horse or another");
    await page.click("main button[type=submit]");
    await page.waitForSelector(".notice.failed");
  },
  confirm: (page) => page.goto("/account/confirm?next=/account/sessions"),
  "not-found": (page) => page.goto("/nothing-here"),
  "sent-form": async (page) => {
    await page.goto("/account/platforms");
    await page.click("summary:has-text('Connect another')");
    await page.fill("[name=name]", "Paintings");
    await page.fill("[name=platform_type]", "pixelfed");
    await page.fill("[name=instance_url]", "https://paintings.example");
    await page.fill("main [name=username]", "ada");
    await page.fill("[name=access_token]", "secret");
    const forget = (/** @type {any} */ tokens) => tokens.forEach((/** @type {any} */ it) => (it.value = "old"));
    await page.$$eval("[name=csrf_token]", forget);
    await page.click("button:has-text('Connect')");
    await page.waitForSelector("h1:has-text('Send it again?')");
  },
};

/** @type {Record<string, (page: Tab) => Promise<unknown>>} the same for whoever is not signed in */
const DOORS = {
  "sign-in": (page) => page.goto("/login"),
  "sign-in-again": (page) => page.goto("/login?reason=session_expired&next=/account/security"),
  "sign-in-refused": async (page) => {
    await page.goto("/login");
    await page.fill("[name=username]", "ada");
    await page.fill("[name=password]", "wrong");
    await page.click("button");
    await page.waitForSelector(".notice.failed");
  },
};

after(closeBrowser);

/**
 * Looks at what is open: a picture, and no violation.
 * @param {Tab} page
 * @param {string} name
 */
async function look(page, name) {
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage: true });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(sideways <= 0, `${name}: ${sideways} px too wide`);
  // Axe comes by the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
  const found = violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ it) => it.html)}`);
  assert.deepEqual(found, [], name);
}

const WAYS = WIDTHS.flatMap((width) =>
  SCHEMES.map((colorScheme) => ({
    named: (/** @type {string} */ name) => `${name}-${width}-${colorScheme}`,
    how: { colorScheme, viewport: { width, height: 800 }, reducedMotion: /** @type {const} */ ("reduce") },
  })),
);

for (const { named, how } of WAYS) {
  test(named("every page"), async (t) => {
    await mkdir(PICTURES, { recursive: true });
    const site = await Site.start(t);
    const door = await (await site.profile(how)).newPage();
    for (const [name, go] of Object.entries(DOORS)) {
      await go(door);
      await look(door, named(name));
    }
    const ada = await site.adasProfile(how);
    for (const [name, go] of Object.entries(PAGES)) {
      // What was typed for one picture waits in its tab.
      const page = await ada.newPage();
      await go(page);
      await look(page, named(name));
      await page.close();
    }
    const profile = await site.profile(how);
    const root = await profile.newPage();
    await root.goto("/login");
    await root.fill("[name=username]", "root");
    await root.fill("[name=password]", PASSWORD);
    await root.click("button");
    await root.waitForURL("**/account/platforms");
    await look(root, named("first-platform"));
    await root.goto("/");
    await look(root, named("home-without-platforms"));
  });
}

test("the dialog before the end", async (t) => {
  await mkdir(PICTURES, { recursive: true });
  const ends = {
    idle: { SESSRUM_SESSION__IDLE: "40s" },
    absolute: { SESSRUM_SESSION__IDLE: "40s", SESSRUM_SESSION__ABSOLUTE: "40s" },
  };
  const looks = Object.entries(ends).flatMap(async ([kind, settings]) => {
    const site = await Site.start(t, settings);
    await Promise.all(
      WAYS.map(async ({ named, how }) => {
        const page = await (await site.adasProfile(how)).newPage();
        page.setDefaultTimeout(60_000);
        await page.goto("/");
        await page.waitForSelector(`dialog[open] [data-part=stay]${kind === "idle" ? "" : "[hidden]"}`, { state: kind === "idle" ? "visible" : "attached" });
        await look(page, named(`expiry-${kind}`));
      }),
    );
  });
  await Promise.all(looks);
});
