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
  show,
  signIn,
  switchTo,
  typesOf,
  until,
} from "./browser.js";
import { hangUp, silence, unavailable } from "./front.js";

const STATE = "/api/session/state";
const EVENTS = "/api/session/events";

after(closeBrowser);

test("offline is not signed out, and online again a tab learns what it has missed", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  site.front.treat(EVENTS, silence);
  const tab = await openTab(profile, PATIENT);
  const other = await openTab(profile, PATIENT);
  const ids = await platforms(profile);
  await profile.setOffline(true);
  assert.equal(await switchTo(other, ids.News), false);
  assert.equal(await tab.evaluate(() => window.sync.refresh()), "unknown");
  const { csrf_token } = await (await profile.request.get("/api/session/csrf-token")).json();
  const headers = { origin: site.front.url, "x-csrf-token": csrf_token };
  await profile.request.post("/api/session/platform", { headers, data: { platform_id: ids.Videos } });
  await profile.setOffline(false);
  await Promise.all([inPlatform(tab, "Videos"), inPlatform(other, "Videos")]);
  assert.ok(!(await typesOf(tab)).includes("ended"));
});

for (const [name, rule] of Object.entries({ hangUp, unavailable })) {
  test(`a server that is away signs nobody out: ${name}`, async (t) => {
    const site = await Site.start(t);
    const tab = await openTab(await site.adasProfile());
    site.front.treat(STATE, rule);
    assert.equal(await tab.evaluate(() => window.sync.refresh()), "unknown");
    assert.equal(await tab.evaluate(() => window.sync.state?.user.username), "ada");
    site.front.treat(STATE);
    assert.equal(await tab.evaluate(() => window.sync.refresh()), "signed_in");
  });
}

test("a page that opens while the server is away asks until it knows", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  let refused = 0;
  site.front.treat(STATE, (pass, _request, response) =>
    ++refused > 3 ? pass() : response.writeHead(503).end(),
  );
  await openTab(profile, { backOffFrom: 10 });
  assert.equal(refused, 4);
});

test("only the server's own 401 signs out", async (t) => {
  const site = await Site.start(t);
  const tab = await openTab(await site.adasProfile());
  site.front.treat(STATE, (_pass, _request, response) => response.writeHead(401).end("who are you?"));
  assert.equal(await tab.evaluate(() => window.sync.refresh()), "unknown");
});

test("a slow 401 of an older cookie does not sign a tab out", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  site.front.treat(EVENTS, silence);
  const tab = await openTab(profile);
  const release = site.front.hold(STATE);
  // The request goes out with the cookie of now, which is dead when the server sees it.
  const asked = tab.evaluate(() => window.sync.refresh());
  await until(() => site.front.count(STATE) === 2);
  await signIn(profile, site.front.url);
  site.front.treat(STATE);
  await openTab(profile);
  await eventOf(tab, "signed_in", 1);
  release();
  assert.equal(await asked, "signed_in");
  assert.ok(!(await typesOf(tab)).includes("ended"));
});

test("a tab that is shown asks once, however often it is shown", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const tab = await profile.newPage();
  await tab.clock.install();
  site.front.treat(EVENTS, silence);
  const state = await (await profile.request.get(STATE)).json();
  await tab.goto(`/app#${encodeURIComponent(JSON.stringify({ state, ...PATIENT }))}`);
  await tab.waitForFunction(() => window.sync);
  const before = site.front.count(STATE);
  for (let count = 0; count < 3; count++) {
    await show(tab, "hidden");
    const asked = tab.waitForResponse((response) => response.url().endsWith(STATE));
    await show(tab, "visible");
    if (count === 0) await asked;
    else asked.catch(() => {});
  }
  assert.equal(site.front.count(STATE) - before, 1);
  await tab.clock.fastForward(1_100);
  await show(tab, "hidden");
  const asked = tab.waitForResponse((response) => response.url().endsWith(STATE));
  await show(tab, "visible");
  await asked;
});

test("a device that has slept asks when it wakes", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__PROFILE: "relaxed" });
  const profile = await site.adasProfile();
  const state = await (await profile.request.get(STATE)).json();
  const ids = await platforms(profile);
  const tab = await profile.newPage();
  await tab.clock.install();
  site.front.treat(EVENTS, silence);
  await tab.goto(`/app#${encodeURIComponent(JSON.stringify({ state, ...PATIENT }))}`);
  await tab.waitForFunction(() => window.sync);
  const { csrf_token } = await (await profile.request.get("/api/session/csrf-token")).json();
  const headers = { origin: site.front.url, "x-csrf-token": csrf_token };
  await profile.request.post("/api/session/platform", { headers, data: { platform_id: ids.News } });
  await tab.clock.fastForward("02:00:00");
  await inPlatform(tab, "News");
});

test("idle tabs ask nothing for an hour", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__PROFILE: "relaxed" });
  const profile = await site.adasProfile();
  const state = await (await profile.request.get(STATE)).json();
  const tabs = [];
  for (let count = 0; count < 3; count++) {
    const tab = await profile.newPage();
    await tab.clock.install();
    await tab.goto(`/app#${encodeURIComponent(JSON.stringify({ state, ...PATIENT }))}`);
    await tab.waitForFunction(() => window.sync);
    tabs.push(tab);
  }
  const before = site.front.requests.length;
  for (const tab of tabs) await tab.clock.runFor("01:00:00");
  const asked = site.front.requests.slice(before).filter((request) => request !== `GET ${EVENTS}`);
  assert.deepEqual(asked, []);
});

test("hidden tabs ask nothing where streams are blocked", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__PROFILE: "relaxed" });
  site.front.treat(EVENTS, hangUp);
  const profile = await site.adasProfile();
  const state = await (await profile.request.get(STATE)).json();
  const tab = await profile.newPage();
  await tab.clock.install();
  const asked = () => tab.waitForResponse((response) => response.url().endsWith(STATE));
  await tab.goto(`/app#${encodeURIComponent(JSON.stringify({ state }))}`);
  for (let count = 0; count < 3; count++) {
    const answer = asked();
    await tab.clock.runFor(2_000);
    await answer;
  }
  await show(tab, "hidden");
  const before = site.front.count(STATE);
  await tab.clock.runFor("01:00:00");
  assert.equal(site.front.count(STATE), before);
  const askedAgain = asked();
  await show(tab, "visible");
  await askedAgain;
});

test("a page that comes back from the back-forward cache asks", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [tab, other] = [await openTab(profile), await openTab(profile)];
  const ids = await platforms(profile);
  await tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await switchTo(other, ids.News);
  assert.equal(await tab.evaluate(() => window.sync.state?.platform?.name), "Photos");
  await tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await inPlatform(tab, "News");
});

test("a hidden tab asks nothing, however often the network comes back", async (t) => {
  const site = await Site.start(t);
  site.front.treat(EVENTS, silence);
  const tab = await openTab(await site.adasProfile(), PATIENT);
  await show(tab, "hidden");
  const before = site.front.count(STATE);
  await tab.evaluate(() => void dispatchEvent(new Event("online")));
  // Its answer comes after that to a question of the page.
  await tab.evaluate(() => fetch("/api/session/csrf-token"));
  assert.equal(site.front.count(STATE), before);
  await tab.evaluate(() => void (Date.now = () => 1e14));
  await show(tab, "visible");
  await until(() => site.front.count(STATE) === before + 1);
});
