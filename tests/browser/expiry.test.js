import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Site, closeBrowser, eventOf, openTab } from "./browser.js";

after(closeBrowser);

test("all tabs are warned before the end, and one heartbeat serves them all", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "4s" });
  const profile = await site.adasProfile();
  const tabs = [await openTab(profile), await openTab(profile)];
  for (const tab of tabs) {
    const { kind, endsAt } = await eventOf(tab, "expiring");
    assert.equal(kind, "idle");
    const left = await tab.evaluate((endsAt) => endsAt - Date.now(), endsAt);
    assert.ok(left > 0 && left <= 2_100, `${left} ms left`);
  }
  assert.equal(await tabs[0].evaluate(() => window.sync.heartbeat()), true);
  await tabs[1].waitForFunction(() => window.sync.expiring === null, null, { polling: 10 });
  for (const tab of tabs) await eventOf(tab, "expiring", 1);
  assert.equal(site.front.count("/api/session/heartbeat"), 1);

  for (const tab of tabs) assert.equal((await eventOf(tab, "ended")).code, "session_expired");
});

test("without a stream the end is seen as well, and the server confirms it", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "1s" });
  site.front.treat("/api/session/events", (_pass, _request, _response) => {});
  const profile = await site.adasProfile();
  const tabs = [await openTab(profile), await openTab(profile)];
  for (const tab of tabs) assert.equal((await eventOf(tab, "ended")).code, "session_expired");
});

test("who puts off the idle end when the other is near is told of that one", async (t) => {
  const settings = {
    SESSRUM_SESSION__IDLE: "6s",
    SESSRUM_SESSION__ABSOLUTE: "8s",
    SESSRUM_LIVE__WARN_BEFORE_IDLE: "1s",
    SESSRUM_LIVE__WARN_BEFORE_END: "4s",
  };
  const site = await Site.start(t, settings);
  const tab = await openTab(await site.adasProfile());
  assert.equal((await eventOf(tab, "expiring")).kind, "idle");
  await tab.evaluate(() => window.sync.heartbeat());
  assert.equal((await eventOf(tab, "expiring", 1)).kind, "absolute");
});

test("the end that only the password puts off is told as such", async (t) => {
  const settings = { SESSRUM_SESSION__IDLE: "3s", SESSRUM_SESSION__ABSOLUTE: "3s" };
  const site = await Site.start(t, settings);
  const tab = await openTab(await site.adasProfile());
  assert.equal((await eventOf(tab, "expiring")).kind, "absolute");
  assert.equal((await eventOf(tab, "ended")).code, "session_expired");
});
