import assert from "node:assert/strict";
import { after, test } from "node:test";

import axe from "axe-core";

import { Site, closeBrowser } from "./browser.js";

after(closeBrowser);

/** Pages, and whether one is signed in on them. @type {[string, boolean][]} */
const PAGES = [
  ["/login", false],
  ["/", true],
  ["/account/sessions", true],
  ["/account/platforms", true],
  ["/account/security", true],
  ["/account/confirm", true],
  ["/nothing-here", true],
];

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`everybody can use every page: ${colorScheme}`, async (t) => {
    const site = await Site.start(t);
    const [stranger, ada] = [await site.profile({ colorScheme }), await site.adasProfile({ colorScheme })];
    for (const [path, isSignedIn] of PAGES) {
      const page = await (isSignedIn ? ada : stranger).newPage();
      await page.goto(path);
      assert.equal(new URL(page.url()).pathname, path);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
      const found = violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes[0].html}`);
      assert.deepEqual(found, [], path);
    }
  });
}
