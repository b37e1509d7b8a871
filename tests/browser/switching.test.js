import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  PATIENT,
  Site,
  closeBrowser,
  eventOf,
  inPlatform,
  openTab,
  platforms,
  switchTo,
  typesOf,
  until,
} from "./browser.js";
import { hangUp, silence, unavailable } from "./front.js";

const SWITCH = "/api/session/platform";

after(closeBrowser);

/**
 * A tab of ada's, in Photos.
 * @param {import("node:test").TestContext} test
 */
async function adasTab(test) {
  const site = await Site.start(test);
  const profile = await site.adasProfile();
  return { site, profile, tab: await openTab(profile), ids: await platforms(profile) };
}

test("a switch is shown at once and confirmed later", async (t) => {
  const { site, tab, ids } = await adasTab(t);
  const release = site.front.hold(SWITCH);
  const switched = switchTo(tab, ids.News);
  assert.deepEqual(await eventOf(tab, "switching"), { platformId: ids.News });
  assert.equal(await tab.evaluate(() => window.sync.switching), ids.News);
  assert.equal(await tab.evaluate(() => window.sync.state?.platform?.name), "Photos");
  release();
  assert.equal(await switched, true);
  const types = (await typesOf(tab)).filter((type, at, all) => type !== all[at - 1]);
  // There may be news of the session's activity in between.
  assert.deepEqual(types.slice(-3), ["switching", "state", "switched"]);
  assert.equal(await tab.evaluate(() => window.sync.switching), null);
  await inPlatform(tab, "News");
});

test("rapid clicks send one request, and the first one counts", async (t) => {
  const { site, tab, ids } = await adasTab(t);
  const clicked = await tab.evaluate(
    ([news, videos]) =>
      Promise.all([news, videos, news, videos].map((id) => window.sync.switchPlatform(id))),
    [ids.News, ids.Videos],
  );
  assert.deepEqual(clicked, [true, false, false, false]);
  assert.equal(site.front.count(SWITCH), 1);
  await inPlatform(tab, "News");
  assert.equal(await switchTo(tab, ids.News), true, "it is there already");
  assert.equal(site.front.count(SWITCH), 1);
});

test("of two tabs that switch at once the later one is told how it is now", async (t) => {
  const { site, profile, tab, ids } = await adasTab(t);
  const other = await openTab(profile);
  const release = site.front.hold(SWITCH);
  const switched = Promise.all([switchTo(tab, ids.News), switchTo(other, ids.Videos)]);
  await Promise.all([eventOf(tab, "switching"), eventOf(other, "switching")]);
  await until(() => site.front.count(SWITCH) === 2);
  release();
  const outcome = await switched;
  const winner = outcome[0] ? "News" : "Videos";
  assert.deepEqual(outcome, outcome[0] ? [true, false] : [false, true]);
  const loser = outcome[0] ? other : tab;
  const { problem } = await eventOf(loser, "switch_failed");
  assert.equal(problem.code, "revision_conflict");
  assert.equal(problem.current.platform.name, winner);
  await Promise.all([inPlatform(tab, winner), inPlatform(other, winner)]);
});

test("two tabs that switch to the same platform are both content", async (t) => {
  const { site, profile, tab, ids } = await adasTab(t);
  const other = await openTab(profile);
  const release = site.front.hold(SWITCH);
  const switched = Promise.all([switchTo(tab, ids.News), switchTo(other, ids.News)]);
  await until(() => site.front.count(SWITCH) === 2);
  release();
  assert.deepEqual(await switched, [true, true]);
});

for (const [name, rule] of Object.entries({ hangUp, unavailable })) {
  test(`a switch that fails is taken back, with the reason: ${name}`, async (t) => {
    const { site, tab, ids } = await adasTab(t);
    site.front.treat(SWITCH, rule);
    assert.equal(await switchTo(tab, ids.News), false);
    const { platformId, problem } = await eventOf(tab, "switch_failed");
    assert.deepEqual([platformId, problem.code], [ids.News, "unreachable"]);
    assert.equal(await tab.evaluate(() => window.sync.state?.platform?.name), "Photos");
    site.front.treat(SWITCH);
    assert.equal(await switchTo(tab, ids.News), true);
  });
}

test("a switch fails with the server's own reason", async (t) => {
  const { tab, ids } = await adasTab(t);
  assert.equal(await switchTo(tab, 4711), false);
  const { problem } = await eventOf(tab, "switch_failed");
  assert.equal(problem.code, "platform_not_found");
  assert.match(problem.detail, /no active platform/);
  assert.equal(await switchTo(tab, ids.Videos), true);
});

test("a switch whose answer is lost is seen all the same", async (t) => {
  const site = await Site.start(t);
  site.front.treat("/api/session/events", silence);
  const profile = await site.adasProfile();
  const ids = await platforms(profile);
  const tab = await openTab(profile, PATIENT);
  site.front.treat(SWITCH, (pass, _request, response) => {
    response.writeHead = () => response.destroy();
    pass();
  });
  await switchTo(tab, ids.News);
  await inPlatform(tab, "News");
});

test("a token that is too old is replaced", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const ids = await platforms(profile);
  const state = await (await profile.request.get("/api/session/state")).json();
  const tab = await openTab(profile, { state, csrfToken: "A".repeat(86) });
  assert.equal(await switchTo(tab, ids.News), true);
  assert.equal(site.front.count(SWITCH), 2);
  assert.equal(site.front.count("/api/session/csrf-token"), 1);
});
