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
  signIn,
  switchTo,
  typesOf,
  until,
} from "./browser.js";
import { silence, unavailable } from "./front.js";
import { PASSWORD } from "./server.js";

after(closeBrowser);

/**
 * Signs in through the page.
 * @param {import("./browser.js").Tab} tab
 * @param {string} username
 */
async function signInByForm(tab, username) {
  await tab.goto("/login");
  await tab.fill("[name=username]", username);
  await tab.fill("[name=password]", PASSWORD);
  await Promise.all([tab.waitForURL((url) => url.pathname !== "/login"), tab.click("button")]);
}

test("a sign-in is seen by the other tabs", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  const [tab, signInPage, other] = [
    await openTab(profile, { state: null }),
    await profile.newPage(),
    await profile.newPage(),
  ];
  await signInPage.goto("/login");
  await signInByForm(other, "ada");
  const { state, previous, sameUser } = await eventOf(tab, "signed_in");
  assert.deepEqual([state.user.username, previous, sameUser], ["ada", null, false]);
  await signInPage.waitForSelector('body[data-revision]:not([data-revision=""])');
  assert.equal(site.front.count("/api/session/state"), 1, "only who leaves a page for it has asked");
});

test("a switch is seen by all tabs, the server's own pages too", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const ids = await platforms(profile);
  const tabs = [];
  for (let count = 0; count < 4; count++) tabs.push(await openTab(profile));
  const page = await profile.newPage();
  await page.goto("/account/sessions");
  const revision = Number(await page.getAttribute("body", "data-revision"));
  await switchTo(tabs[1], ids.News);
  await Promise.all(tabs.map((tab) => inPlatform(tab, "News")));
  await page.waitForSelector(`body[data-platform-id="${ids.News}"][data-revision="${revision + 1}"]`);
});

test("a page that was made before a switch hears of it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const ids = await platforms(profile);
  const leader = await openTab(profile);
  const state = await (await profile.request.get("/api/session/state")).json();
  await switchTo(leader, ids.News);
  const late = await openTab(profile, { state });
  await inPlatform(late, "News");
});

test("signing out is seen by all tabs, with the reason", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const tabs = [await openTab(profile), await openTab(profile), await openTab(profile)];
  assert.equal(await tabs[2].evaluate(() => window.sync.signOut()), true);
  for (const tab of tabs) {
    const { code, end_reason } = await eventOf(tab, "ended");
    assert.deepEqual([code, end_reason], ["session_ended", "logout"]);
    assert.equal(await tab.evaluate(() => window.sync.state), null);
  }
});

test("the sign-out button of a page is seen by the other tabs", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await profile.newPage();
  await page.goto("/");
  const tab = await openTab(profile);
  await page.click("form.sign-out button");
  assert.match((await eventOf(tab, "ended")).code, /^session_/);
  await page.waitForURL("**/login?reason=logout");
});

test("nothing is announced before the server has confirmed it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [tab, other] = [await openTab(profile), await openTab(profile)];
  site.front.treat("/api/logout", (_pass, _request, response) => response.writeHead(503).end());
  assert.equal(await tab.evaluate(() => window.sync.signOut()), false);
  for (const each of [tab, other]) {
    assert.equal(await each.evaluate(() => window.sync.state?.user.username), "ada");
  }
});

test("a page that is older than the end of its session is told so by a tab that knows", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const tab = await openTab(profile);
  const state = await tab.evaluate(() => window.sync.state);
  await tab.evaluate(() => window.sync.signOut());
  site.front.treat("/api/session/events", silence);
  const answer = site.front.hold("/api/session/state");
  const old = await openTab(profile, { state, ...PATIENT });
  assert.equal((await eventOf(old, "ended")).end_reason, "logout");
  answer();
});

test("signing in again brings open tabs back to life, with the new token", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [tab, other] = [await openTab(profile), await openTab(profile)];
  const token = await tab.evaluate(() => window.sync.csrfToken());
  await other.evaluate(() => window.sync.signOut());
  await eventOf(tab, "ended");
  await signInByForm(other, "ada");
  assert.equal((await eventOf(tab, "signed_in", 1)).sameUser, true);
  assert.notEqual(await tab.evaluate(() => window.sync.csrfToken()), token);
  const ids = await platforms(profile);
  assert.equal(await switchTo(tab, ids.News), true);

  await signIn(profile, site.front.url, "root");
  await openTab(profile);
  const { state, sameUser } = await eventOf(tab, "signed_in", 2);
  assert.deepEqual([state.user.username, sameUser], ["root", false]);
});

test("the later of two questions has the last word", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  await signIn(profile, site.front.url);
  const [adas] = await profile.cookies();
  await profile.clearCookies();
  await signIn(profile, site.front.url, "root");
  site.front.treat("/api/session/events", silence);
  const tab = await openTab(profile, PATIENT);
  const answers = /** @type {(() => void)[]} */ ([]);
  site.front.treat("/api/session/state", (pass) => pass(new Promise((resolve) => answers.push(resolve))));
  await tab.evaluate(() => void window.sync.refresh());
  await until(() => answers.length === 1);
  await profile.addCookies([adas]);
  // As a tab of ada's tells it.
  await tab.evaluate(() => {
    const { session, ...others } = /** @type {any} */ (window.sync.state);
    const old = { ...others, session: { ...session, created_at: "2020-01-01T00:00:00Z" } };
    new BroadcastChannel("sessrum").postMessage({ state: old });
  });
  await until(() => answers.length === 2);
  for (const answer of answers) answer();
  assert.equal((await eventOf(tab, "signed_in", 1)).state.user.username, "ada");
});

test("the end of a session that a tab does not know is no end of its own", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const tab = await openTab(profile);
  const asked = site.front.count("/api/session/state");
  await tab.evaluate(() => {
    const ended = { code: "session_ended", end_reason: "logout", detail: "" };
    new BroadcastChannel("sessrum").postMessage({ ended, created_at: "2100-01-01T00:00:00Z" });
  });
  await until(() => site.front.count("/api/session/state") > asked);
  await eventOf(tab, "confirmed");
  assert.equal(await tab.evaluate(() => window.sync.ended), null);
});

test("tabs that cannot be told which of two sessions is the one do not ask each other", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  await profile.addInitScript(() => {
    LockManager.prototype.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
  });
  site.front.treat("/api/session/events", silence);
  const tabs = [];
  for (const _ of [1, 2]) {
    const state = await (await profile.request.get("/api/session/state")).json();
    if (tabs.length) site.front.treat("/api/session/state", unavailable);
    const tab = await profile.newPage();
    // Nothing happens by the lapse of time.
    await tab.clock.install();
    await tab.clock.pauseAt(Date.now() + 60_000);
    await tab.goto(`/app#${encodeURIComponent(JSON.stringify({ state, ...PATIENT }))}`);
    await tab.waitForFunction(() => window.sync);
    tabs.push(tab);
    await signIn(profile, site.front.url);
  }
  for (let round = 0; round < 20; round++) {
    for (const tab of tabs) await tab.evaluate(() => fetch("/favicon.ico"));
  }
  assert.ok(site.front.count("/api/session/state") <= 2 + tabs.length, `${site.front.count("/api/session/state")}`);
});

test("a page that may have no locks goes on alone", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  await profile.addInitScript(() => {
    LockManager.prototype.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
  });
  const tab = await openTab(profile);
  const ids = await platforms(profile);
  await switchTo(tab, ids.News);
  await inPlatform(tab, "News");
});

test("the handle crosses no tab, and nothing stays in the storage", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const { session } = await (await profile.request.get("/api/session/state")).json();
  const listener = await profile.newPage();
  await listener.goto("/app");
  await listener.evaluate(() => {
    const heard = /** @type {unknown[]} */ ([]);
    Object.assign(window, { heard });
    new BroadcastChannel("sessrum").onmessage = ({ data }) => heard.push(data);
  });
  const tab = await openTab(profile);
  await switchTo(tab, (await platforms(profile)).News);
  await tab.evaluate(() => window.sync.signOut());
  const heard = await listener.waitForFunction(() => {
    const { heard } = /** @type {any} */ (window);
    return heard.some((/** @type {any} */ fact) => fact.ended) && JSON.stringify(heard);
  });
  assert.ok(!String(await heard.jsonValue()).includes(session.handle));
  assert.equal(await tab.evaluate(() => "handle" in (window.events[0].detail.state.session)), false);
  assert.equal(await tab.evaluate(() => localStorage.length), 0);
});

test("what is older than what a tab knows is ignored", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [tab, other] = [await openTab(profile), await openTab(profile)];
  const stateOf = () => tab.evaluate(() => window.sync.state);
  const tell = (/** @type {unknown} */ state) =>
    other.evaluate((state) => {
      const channel = new BroadcastChannel("sessrum");
      channel.postMessage({ state });
      channel.postMessage({ ended: { code: "session_ended", detail: "" }, created_at: "2001-01-01T00:00:00Z" });
      channel.postMessage("not a fact");
      channel.postMessage({ state: {} });
      channel.close();
    }, state);
  const [ids, first] = [await platforms(profile), await stateOf()];
  await switchTo(other, ids.News);
  await inPlatform(tab, "News");
  const last = await stateOf();
  await tell(first);
  await other.evaluate(() => window.sync.signOut());
  await eventOf(tab, "ended");
  await tell({ ...last, server_time: "2101-01-01T00:00:00Z" });
  await signInByForm(other, "ada");
  await eventOf(tab, "signed_in", 1);
  const types = await typesOf(tab);
  const sinceThen = types.slice(types.indexOf("ended"));
  assert.deepEqual(sinceThen.slice(0, 3), ["ended", "state", "signed_in"]);
  const names = await tab.evaluate(() =>
    window.events.filter(({ type }) => type === "state").map(({ detail }) => detail.state.platform.name),
  );
  const changes = names.filter((name, at) => name !== names[at - 1]);
  assert.deepEqual(changes, ["Photos", "News", "Photos"]);
});

test("without BroadcastChannel tabs hear each other all the same", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  await profile.addInitScript(() => Reflect.deleteProperty(window, "BroadcastChannel"));
  await signIn(profile, site.front.url);
  const [tab, other] = [await openTab(profile), await openTab(profile)];
  await switchTo(tab, (await platforms(profile)).News);
  await inPlatform(other, "News");
  await other.evaluate(() => window.sync.signOut());
  assert.equal((await eventOf(tab, "ended")).end_reason, "logout");
  assert.equal(await tab.evaluate(() => localStorage.length), 0);
});

test("a tab that knows of an end asks ever more rarely while the server denies it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  await profile.addInitScript(() => (Math.random = () => 0.99));
  site.front.treat("/api/session/events", silence);
  const state = await (await profile.request.get("/api/session/state")).json();
  const tab = await profile.newPage();
  await tab.clock.install();
  await tab.goto(`/app#${encodeURIComponent(JSON.stringify({ state, ...PATIENT }))}`);
  await tab.waitForFunction(() => window.sync);
  await tab.evaluate((created_at) => {
    const ended = { code: "session_ended", end_reason: "logout", detail: "" };
    new BroadcastChannel("sessrum").postMessage({ ended, created_at });
  }, state.session.created_at);
  await eventOf(tab, "ended");
  const before = site.front.count("/api/session/state");
  await tab.evaluate(() => void window.sync.refresh());
  for (let second = 0; second < 60; second++) {
    await tab.clock.runFor(1_000);
    // Its answer comes after that to a question of the page.
    await tab.evaluate(() => fetch("/api/session/csrf-token"));
  }
  const asked = site.front.count("/api/session/state") - before;
  assert.ok(asked > 2 && asked < 10, `${asked}`);
});

for (const body of ["", "null", "{}"]) {
  test(`a sign-out without a token is none: ${body || "nothing"}`, async (t) => {
    const site = await Site.start(t);
    const tab = await openTab(await site.adasProfile());
    site.front.treat("/api/session/csrf-token", (_pass, _request, response) => response.end(body));
    assert.equal(await tab.evaluate(() => window.sync.signOut()), false);
    assert.equal(await tab.evaluate(() => window.sync.ended), null);
    site.front.treat("/api/session/csrf-token");
    assert.equal(await tab.evaluate(() => window.sync.signOut()), true);
  });
}

test("who comes back with an old page tells nobody of it before the server has confirmed it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const { session } = await (await profile.request.get("/api/session/state")).json();
  const [old, door] = [await openTab(profile), await openTab(profile, { state: null })];
  await old.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await site.server.command("session", "revoke", session.handle);
  const asked = door.waitForResponse((response) => response.url().endsWith("/state"));
  await old.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await eventOf(old, "ended");
  await asked;
  assert.deepEqual(await typesOf(door), []);
});

test("a question from before a sign-out whose answer is lost does not deny it", async (t) => {
  const site = await Site.start(t);
  site.front.treat("/api/session/events", silence);
  const profile = await site.adasProfile();
  const { session } = await (await profile.request.get("/api/session/state")).json();
  const tab = await openTab(profile, PATIENT);
  const before = site.front.count("/api/session/state");
  site.front.hold("/api/session/state");
  await tab.evaluate(() => void window.sync.refresh());
  await until(() => site.front.count("/api/session/state") > before);
  site.front.treat("/api/session/state");
  site.front.treat("/api/logout", async (...request) => {
    await site.server.command("session", "revoke", session.handle);
    unavailable(...request);
  });
  const answers = tab.evaluate(async () => [await window.sync.signOut(), await window.sync.refresh()]);
  assert.deepEqual(await answers, [false, "signed_out"]);
});

test("when an older session is the one again, a tab takes what happens to it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [ids, older] = [await platforms(profile), await profile.cookies()];
  await profile.clearCookies();
  await signIn(profile, site.front.url);
  const tab = await openTab(profile);
  const { session } = await (await profile.request.get("/api/session/state")).json();
  await site.server.command("session", "revoke", session.handle);
  await eventOf(tab, "ended");
  await profile.addCookies(older);
  assert.equal(await tab.evaluate(() => window.sync.refresh()), "signed_in");
  assert.equal(await switchTo(tab, ids.News), true);
  await inPlatform(tab, "News");
});
