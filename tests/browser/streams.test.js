import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
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
import { hangUp, silence } from "./front.js";
import { PASSWORD } from "./server.js";

const STATE = "/api/session/state";
const EVENTS = "/api/session/events";
/** Streams that are given up soon, and tabs that ask often then. */
const HASTY = { openWithin: 100, pollEvery: 50, backOffFrom: 10 };

after(closeBrowser);

/**
 * Sends an unsafe request from outside of any tab.
 * @param {import("./browser.js").Profile} profile
 * @param {Site} site
 * @param {"post" | "delete"} method
 * @param {string} path
 * @param {object} [data]
 */
async function send(profile, site, method, path, data) {
  const { csrf_token } = await (await profile.request.get("/api/session/csrf-token")).json();
  const headers = { origin: site.front.url, "x-csrf-token": csrf_token };
  const answer = await profile.request[method](path, { headers, data });
  assert.ok(answer.ok(), await answer.text());
}

/**
 * Waits until there were so many streams.
 * @param {Site} site
 * @param {number} count
 */
function streams(site, count) {
  return until(() => site.front.count(EVENTS) >= count);
}

test("one tab holds the stream for all, and another when that is closed", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const ids = await platforms(profile);
  const tabs = [];
  for (let count = 0; count < 5; count++) tabs.push(await openTab(profile));
  await streams(site, 1);
  await send(profile, site, "post", "/api/session/platform", { platform_id: ids.News });
  await Promise.all(tabs.map((tab) => inPlatform(tab, "News")));
  assert.equal(site.front.count(EVENTS), 1);

  const [leader, ...others] = tabs;
  await leader.close();
  await send(profile, site, "post", "/api/session/platform", { platform_id: ids.Videos });
  await Promise.all(others.map((tab) => inPlatform(tab, "Videos")));
  assert.equal(site.front.count(EVENTS), 2);
});

test("a stream that comes back says whose cookie there is now", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  await signIn(profile, site.front.url, "root");
  const [roots] = await profile.cookies();
  await profile.clearCookies();
  await signIn(profile, site.front.url);
  let hangUpNow = () => {};
  site.front.treat(EVENTS, (pass, _request, response) => {
    hangUpNow = () => response.destroy();
    pass();
  });
  const tab = await openTab(profile, { backOffFrom: 10 });
  await streams(site, 1);
  await send(profile, site, "post", "/api/session/platform", { platform_id: (await platforms(profile)).News });
  await inPlatform(tab, "News");
  const asked = site.front.count(STATE);
  await profile.addCookies([roots]);
  hangUpNow();
  assert.equal((await eventOf(tab, "signed_in", 1)).state.user.username, "root");
  assert.equal(site.front.count(STATE), asked);
});

test("a device that is signed out from another one is told at once", async (t) => {
  const site = await Site.start(t);
  const [laptop, phone] = [await site.adasProfile(), await site.adasProfile()];
  const tabs = [await openTab(laptop), await openTab(laptop)];
  await streams(site, 1);
  const { session } = await (await laptop.request.get(STATE)).json();
  const asked = site.front.count(STATE);
  await send(phone, site, "delete", `/api/sessions/${session.handle}`);
  for (const tab of tabs) {
    const { code, end_reason, detail } = await eventOf(tab, "ended");
    assert.deepEqual([code, end_reason], ["session_ended", "revoked_by_user"]);
    assert.match(detail, /from another one/);
  }
  assert.equal(site.front.count(STATE), asked, "nobody had to ask");
});

test("each way to end a session from elsewhere tells its reason", async (t) => {
  const site = await Site.start(t);
  const [phone, admin] = [await site.adasProfile(), await site.profile()];
  await signIn(admin, site.front.url, "root");
  const { user } = await (await phone.request.get(STATE)).json();
  const change = { current_password: PASSWORD, new_password: "another horse, another staple" };
  /** @type {[string, () => Promise<void>][]} */
  const ways = [
    ["revoked_by_user", () => send(phone, site, "post", "/api/sessions/revoke-others")],
    [
      "revoked_by_admin",
      async () => {
        await send(admin, site, "post", `/api/admin/users/${user.id}/revoke-sessions`);
        await signIn(phone, site.front.url);
      },
    ],
    ["password_changed", () => send(phone, site, "post", "/api/account/password", change)],
  ];
  for (const [reason, way] of ways) {
    const tab = await openTab(await site.adasProfile());
    await way();
    assert.equal((await eventOf(tab, "ended")).end_reason, reason);
  }
});

for (const [name, rule] of Object.entries({ hangUp, silence })) {
  test(`where streams are blocked visible tabs ask now and then: ${name}`, async (t) => {
    const site = await Site.start(t);
    site.front.treat(EVENTS, rule);
    const profile = await site.adasProfile();
    const tabs = [await openTab(profile, HASTY), await openTab(profile, HASTY)];
    const ids = await platforms(profile);
    await send(profile, site, "post", "/api/session/platform", { platform_id: ids.News });
    await Promise.all(tabs.map((tab) => inPlatform(tab, "News")));

    await show(tabs[0], "hidden");
    await send(profile, site, "post", "/api/session/platform", { platform_id: ids.Videos });
    await inPlatform(tabs[1], "Videos");
    await send(profile, site, "post", "/api/logout");
    await eventOf(tabs[1], "ended");
  });
}

test("a stream that was blocked is tried again", async (t) => {
  const site = await Site.start(t);
  site.front.treat(EVENTS, hangUp);
  const profile = await site.adasProfile();
  const tab = await openTab(profile, { ...HASTY, streamAgainAfter: 100 });
  await streams(site, 3);
  site.front.treat(EVENTS);
  const ids = await platforms(profile);
  await send(profile, site, "post", "/api/session/platform", { platform_id: ids.News });
  await inPlatform(tab, "News");
});

test("a server that restarts is come back to", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const ids = await platforms(profile);
  const tab = await openTab(profile, { backOffFrom: 50, backOffTo: 50 });
  await streams(site, 1);
  await site.server.halt();
  await streams(site, 3);
  await site.server.run();
  await send(profile, site, "post", "/api/session/platform", { platform_id: ids.News });
  await inPlatform(tab, "News");
  assert.ok(!(await typesOf(tab)).includes("ended"));
});

test("without Web Locks each visible tab holds a stream of its own", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  await profile.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, "locks", { value: undefined }),
  );
  await signIn(profile, site.front.url);
  const ids = await platforms(profile);
  const tabs = [await openTab(profile), await openTab(profile)];
  await streams(site, 2);
  await send(profile, site, "post", "/api/session/platform", { platform_id: ids.News });
  await Promise.all(tabs.map((tab) => inPlatform(tab, "News")));
  await show(tabs[0], "hidden");
  await show(tabs[0], "visible");
  await streams(site, 3);
  assert.equal(await switchTo(tabs[0], ids.Videos), true);
  await inPlatform(tabs[1], "Videos");
});

test("a tab of somebody who is not signed in opens no stream", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  const tab = await openTab(profile);
  assert.equal((await eventOf(tab, "ended")).code, "session_not_found");
  await show(tab, "hidden");
  await show(tab, "visible");
  assert.equal(site.front.count(EVENTS), 0);
});
