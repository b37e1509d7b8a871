/** What people see of their session on the pages, in several tabs and browsers. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Site, closeBrowser, openTab, platforms, signIn, until } from "./browser.js";
import { silence } from "./front.js";
import { goLate, isAtTheDoor, leaveForDevices, makeTokensOld, open, signInHere, typeHalfAName } from "./page.js";
import { PASSWORD } from "./server.js";

/** @typedef {import("./browser.js").Tab} Tab */

after(closeBrowser);

/**
 * Where a tab says that one is, in all the places where it says so.
 * @param {Tab} page
 * @param {string} name
 */
async function isIn(page, name) {
  await page.waitForFunction(
    (name) =>
      [...document.querySelectorAll("[data-of-platform=name]")].every((it) => it.textContent === name) &&
      [...document.querySelectorAll("li[data-others]:not([hidden]) .name")].every((it) => it.textContent !== name),
    name,
  );
}

test("a switch is shown at once, and on every page of every tab", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [home, list] = [await open(profile, "/"), await open(profile, "/account/platforms")];
  let answer = () => {};
  const asked = /** @type {Promise<void>} */ (
    new Promise((resolve) =>
      site.front.treat("/api/session/platform", (pass) => {
        answer = pass;
        resolve();
      }),
    )
  );
  const button = home.locator("[aria-label='Switch to News']");
  await button.evaluate((/** @type {HTMLButtonElement} */ it) => {
    for (let count = 0; count < 5; count++) it.click();
  });
  await asked;
  await isIn(home, "News");
  assert.equal(await home.getAttribute("main", "aria-busy"), "true");
  assert.equal(await home.locator("[aria-label='Switch to Videos']").isDisabled(), true);
  await isIn(list, "Photos");
  answer();
  await home.waitForSelector("#live .done:text('You are in News now.')");
  assert.equal(await home.evaluate(() => document.activeElement?.id), "content");
  await isIn(list, "News");
  await list.waitForSelector("#live :text('You are in News now')");
  await home.waitForSelector("main[aria-busy=false]");
  const requests = site.front.requests.filter((request) => request.includes("/api/session/platform"));
  assert.equal(requests.length, 1);
  const here = list.locator("li:has(.badge:visible:text('You are here')) .row-text .name");
  assert.match((await here.textContent()) ?? "", /News/);
});

test("a switch that fails goes back and says why", async (t) => {
  const site = await Site.start(t);
  const home = await open(await site.adasProfile(), "/");
  await site.server.halt();
  await home.click("[aria-label='Switch to News']");
  await home.waitForSelector("#live .failed:text('cannot be reached')");
  await isIn(home, "Photos");
  assert.equal(await home.locator("[aria-label='Switch to News']").isEnabled(), true);
  await site.server.run();
  await home.click("[aria-label='Switch to News']");
  await isIn(home, "News");
});

test("a switch to a platform that is gone shows those that are left", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [home, list] = [await open(profile, "/"), await open(profile, "/account/platforms")];
  await list.click("[aria-label='Deactivate News']");
  await list.waitForSelector(".notice.done");
  await home.click("[aria-label='Switch to News']");
  await home.waitForSelector(".notice.failed:text('Please choose another.')");
  await isIn(home, "Photos");
  assert.equal(await home.locator("[aria-label='Switch to News']").count(), 0);
});

test("of two switches at once one wins, and the other tab is told", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [one, two] = [await open(profile, "/"), await open(profile, "/")];
  /** Both are on their way before either arrives. */
  const held = /** @type {(() => void)[]} */ ([]);
  site.front.treat("/api/session/platform", (pass) => {
    if (held.push(pass) === 2) for (const go of held) go();
  });
  await one.click("[aria-label='Switch to News']");
  await two.click("[aria-label='Switch to Videos']");
  const [won, lost] = await Promise.any([
    one.waitForSelector("#live .failed:text('changed elsewhere')").then(() => [two, one]),
    two.waitForSelector("#live .failed:text('changed elsewhere')").then(() => [one, two]),
  ]);
  const name = won === one ? "News" : "Videos";
  for (const tab of [won, lost]) await isIn(tab, name);
});

test("signing out is seen by every tab, and signing in brings each back to where it was", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const tabs = await Promise.all(
    ["/", "/account/sessions", "/account/security", "/account/platforms", "/"].map((path) => open(profile, path)),
  );
  await tabs[0].click("text=Sign out");
  for (const tab of tabs) await isAtTheDoor(tab, "You are signed out.");
  await signInHere(tabs[1]);
  await Promise.all(
    ["/account/sessions", "/account/security", "/account/platforms", "/"].map((path, index) =>
      tabs[index + 1].waitForURL((url) => url.pathname === path),
    ),
  );
});

test("whoever ends a session, its tabs say so", async (t) => {
  const site = await Site.start(t);
  const [laptop, phone] = [await site.adasProfile(), await site.adasProfile()];
  const devices = await open(laptop, "/account/sessions");

  let tabs = [await open(phone, "/"), await open(phone, "/account/security")];
  await devices.click("text=Sign out all other devices");
  for (const tab of tabs) await isAtTheDoor(tab, "You signed this device out from another one. Please sign in again.");

  await signInHere(tabs[0]);
  await tabs[1].waitForURL("**/account/security");
  await devices.reload();
  await devices.click("li:not(:has-text('This device')) >> text=Sign out");
  await isAtTheDoor(tabs[0], "You signed this device out from another one. Please sign in again.");

  await signInHere(tabs[0]);
  await tabs[1].waitForURL("**/account/security");
  const sessions = JSON.parse(await site.server.command("session", "list", "--json"));
  const { session } = await (await phone.request.get("/api/session/state")).json();
  assert.ok(JSON.stringify(sessions).includes(session.handle));
  await site.server.command("session", "revoke", session.handle);
  await isAtTheDoor(tabs[1], "An administrator ended your session. Please sign in again.");

  await tabs[0].waitForURL("**/login?**");
  await signInHere(tabs[0]);
  await tabs[1].waitForURL("**/account/security");
  const security = await open(laptop, "/account/security");
  await security.fill("[name=current_password]", PASSWORD);
  await security.fill("[name=new_password]", "another correct horse");
  await security.fill("[name=new_password_again]", "another correct horse");
  await security.click("main button[type=submit]");
  await security.waitForSelector(".notice.done");
  for (const tab of tabs) await isAtTheDoor(tab, "Your password was changed. Please sign in with the new one.");
});

test("one tab keeps all of them signed in", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "12s" });
  const profile = await site.adasProfile();
  const tabs = await Promise.all(["/", "/account/platforms"].map((path) => open(profile, path)));
  for (const tab of tabs) await tab.waitForSelector("dialog[open]");
  assert.match((await tabs[0].textContent("dialog [data-part=left]")) ?? "", /^0:0\d$/);
  await tabs[0].click("button:text('Stay signed in')");
  for (const tab of tabs) await tab.waitForSelector("dialog", { state: "hidden" });
  assert.equal(await tabs[0].textContent("#live"), "You stay signed in.");
});

test("what was typed when the session expired is there again after signing in", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "12s" });
  const profile = await site.adasProfile();
  const [writing, beside] = [await open(profile, "/account/platforms"), await open(profile, "/account/platforms")];
  await writing.click("summary:has-text('Connect another')");
  await writing.fill("main [name=name]", "Half a name");
  await writing.fill("[name=access_token]", "secret");
  await writing.check("[name=is_default]");
  for (const tab of [writing, beside]) await isAtTheDoor(tab, "Your session has expired. Please sign in again.");
  assert.equal(await writing.evaluate(() => JSON.stringify(sessionStorage).includes("secret")), false);
  await signInHere(beside);
  for (const tab of [writing, beside]) await tab.waitForURL("**/account/platforms");
  await writing.waitForSelector("#live :text('What you had typed is here again.')");
  assert.equal(await writing.inputValue("main [name=name]"), "Half a name");
  assert.equal(await writing.inputValue("[name=access_token]"), "");
  assert.equal(await writing.isChecked("[name=is_default]"), true);
  assert.equal(await beside.inputValue("main [name=name]"), "");
  assert.equal(await writing.evaluate(() => sessionStorage.length), 0);
});

test("nobody else gets what was typed", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "12s" });
  const writing = await open(await site.adasProfile(), "/account/platforms");
  await writing.click("summary:has-text('Connect another')");
  await writing.fill("main [name=name]", "Half a name");
  await writing.waitForURL("**/login?**");
  await signInHere(writing, "root");
  await writing.waitForURL("**/account/platforms");
  await writing.waitForSelector("h1:has-text('Connect a platform')");
  assert.equal(await writing.inputValue("main [name=name]"), "");
  assert.equal(await writing.evaluate(() => sessionStorage.length), 0);
});

test("signing in again elsewhere leaves a page as it is, under the new session", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const writing = await open(profile, "/account/platforms");
  await writing.click("summary:has-text('Connect another')");
  for (const [name, text] of Object.entries({ name: "Art", platform_type: "pixelfed", instance_url: "https://art.example", username: "ada" })) {
    await writing.fill(`main [name=${name}]`, text);
  }
  const before = await writing.inputValue("main [name=csrf_token] >> nth=0");
  await signIn(profile, site.front.url);
  await writing.waitForSelector("#live :text('You are signed in again.')");
  assert.notEqual(await writing.inputValue("main [name=csrf_token] >> nth=0"), before);
  await writing.click("button:has-text('Connect')");
  await writing.waitForSelector(".notice.done:text('The platform is connected.')");
});

test("another person's page is not kept on the screen", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const home = await open(profile, "/");
  await signIn(profile, site.front.url, "root");
  await home.waitForSelector("h1:has-text('Welcome, root')");
});

test("a form that was opened in another platform asks before it is sent", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [writing, other] = [await open(profile, "/account/platforms"), await open(profile, "/")];
  await other.click("[aria-label='Switch to News']");
  await isIn(writing, "News");
  const ids = await platforms(profile);
  const before = site.front.requests.length;
  await writing.click("[aria-label='Make default: Videos']");
  await writing.waitForSelector("#live .failed:text('you opened this page in Photos, and you are in News now')");
  assert.ok(!site.front.requests.slice(before).some((request) => request.startsWith("POST")));
  await writing.click("[aria-label='Make default: Videos']");
  await writing.waitForSelector(".notice.done");
  const { platforms: listed } = await (await profile.request.get("/api/platforms")).json();
  const chosen = listed.find((/** @type {any} */ { is_default }) => is_default);
  assert.equal(chosen.id, ids.Videos);
});

test("what was typed does not outlive the person who typed it", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "12s" });
  const writing = await open(await site.adasProfile(), "/account/platforms");
  await writing.click("summary:has-text('Connect another')");
  await writing.fill("main [name=name]", "Half a name");
  await writing.waitForURL("**/login?**");
  assert.equal(await writing.evaluate(() => sessionStorage.length), 1);
  await writing.goto("/login");
  await signInHere(writing);
  await writing.waitForURL((url) => url.pathname === "/");
  await writing.click("text=Sign out");
  await writing.waitForURL("**/login?reason=logout");
  assert.equal(await writing.evaluate(() => sessionStorage.length), 0);
});

test("nobody comes back to an address that takes forms alone", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await makeTokensOld(page);
  await page.click("[aria-label='Make default: Videos']");
  await page.waitForSelector(".lead:text('Nothing has been changed yet')");
  assert.equal(new URL(page.url()).pathname, "/account/platforms");
  const { session } = await (await profile.request.get("/api/session/state")).json();
  await site.server.command("session", "revoke", session.handle);
  await page.waitForURL("**/login?**");
  await signInHere(page);
  await page.waitForURL("**/account/platforms");
});

test("nobody is warned while the session is used elsewhere", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "8s" });
  const profile = await site.adasProfile();
  const page = await open(profile, "/");
  await page.evaluate(() => {
    const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("expiry"));
    const showModal = dialog.showModal.bind(dialog);
    dialog.showModal = () => {
      document.body.dataset.warned = "yes";
      showModal();
    };
  });
  const { csrf_token } = await (await profile.request.get("/api/session/csrf-token")).json();
  const headers = { origin: site.front.url, "x-csrf-token": csrf_token };
  const end = () => page.getAttribute("time[data-moment=idle]", "datetime");
  // The page hears twice that the end was put off, each time when it would have warned.
  for (let [known, moved] = [await end(), 0]; moved < 2; ) {
    await profile.request.post("/api/session/heartbeat", { headers });
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const now = await end();
    if (now !== known) moved++;
    known = now;
  }
  assert.equal(await page.evaluate(() => document.body.dataset.warned), undefined);
});

test("a page that hears nothing keeps what was typed, too", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const unheard = ["/api/session/events", "/api/session/state"];
  for (const path of unheard) site.front.treat(path, () => {});
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  await profile.clearCookies();
  await page.click("button:has-text('Connect')");
  await page.waitForURL("**/login?**");
  for (const path of unheard) site.front.treat(path);
  await signInHere(page);
  await page.waitForSelector("#live :text('What you had typed is here again.')");
  assert.equal(await page.inputValue("main [name=name]"), "Half a name");
  await page.click("button:has-text('Connect')");
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  assert.equal(await page.inputValue("main [name=name]"), "");
});

test("a form half filled waits while its person looks elsewhere", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  await page.click("nav >> text=Devices");
  await page.waitForSelector("h1:has-text('Devices')");
  await page.click("nav >> text=Platforms");
  await page.waitForSelector("#live :text('What you had typed is here again.')");
  assert.equal(await page.inputValue("main [name=name]"), "Half a name");
});

test("going back and reloading send no form again", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.profile(), "/login?next=/account/security");
  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", "wrong");
  await page.click("button[type=submit]");
  await page.waitForSelector(".notice.failed");
  await page.reload();
  assert.equal(await page.inputValue("[name=next]"), "/account/security");
  await signInHere(page);
  await page.waitForURL("**/account/security");
  await page.goBack();
  await page.waitForURL("**/account/security");
});

test("what was sent is not filled in again, and what was not is", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  await page.click("[aria-label='Make default: Videos']");
  await page.waitForSelector("#live :text('What you had typed is here again.')");
  assert.equal(await page.inputValue("main [name=name]"), "Half a name");
  await page.click("button:has-text('Connect')");
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await profile.clearCookies();
  await page.goto("/account/platforms");
  await signInHere(page);
  await page.waitForURL("**/account/platforms");
  assert.equal(await page.inputValue("main [name=name]"), "");
});

test("a cookie of an older session makes no tab go round in circles", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const older = await profile.cookies();
  const other = await site.profile();
  await signIn(other, site.front.url, "root");
  await profile.clearCookies();
  await profile.addCookies(await other.cookies());
  const root = await open(profile, "/");
  await root.waitForSelector("h1:has-text('Welcome, root')");
  await profile.addCookies(older);
  const before = site.front.count("/");
  const ada = await open(profile, "/");
  await root.waitForSelector("h1:has-text('Welcome, ada')");
  await ada.waitForSelector("h1:has-text('Welcome, ada')");
  assert.ok(site.front.count("/") - before <= 3, `${site.front.count("/") - before}`);
});

test("on the page that says what to correct, what was typed is kept as well", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  await page.fill("main [name=name]", "Photos");
  await page.click("button:has-text('Connect')");
  await page.waitForSelector(".notice.failed");
  await page.reload();
  await page.waitForSelector("#live :text('What you had typed is here again.')");
  assert.equal(await page.inputValue("main [name=instance_url]"), "https://half.example");
});

for (const isRefused of [false, true]) {
  const name = isRefused ? ", also when the server cannot say at first" : "";
  test(`a page whose script comes late is not the earlier person's${name}`, async (t) => {
    const site = await Site.start(t);
    const profile = await site.adasProfile();
    const leader = await open(profile, "/account/sessions");
    await leader.waitForFunction(async () => (await navigator.locks.query()).held?.length);
    const late = await profile.newPage();
    const release = await goLate(late, "/");
    await signIn(profile, site.front.url, "root");
    await leader.waitForSelector(".who-name:has-text('root')");
    if (isRefused) await late.route("**/session/state", (route) => route.fulfill({ status: 503 }), { times: 1 });
    release();
    await late.waitForSelector("h1:has-text('Welcome, root')");
  });
}

test("a page whose script comes late leads nobody away who signs in meanwhile", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const { session } = await (await profile.request.get("/api/session/state")).json();
  const late = await profile.newPage();
  const release = await goLate(late, "/account/sessions");
  await site.server.command("session", "revoke", session.handle);
  const page = await open(profile, "/login?next=/account/security");
  await page.fill("[name=username]", "ada");
  const answer = page.waitForResponse((response) => response.url().endsWith("/state"));
  release();
  await answer;
  await isAtTheDoor(late, "An administrator ended your session. Please sign in again.");
  assert.equal(await page.inputValue("[name=username]"), "ada");
  assert.equal(site.front.count("/account/security"), 0);
});

test("a page whose script comes late takes up the new session of its person", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const leader = await open(profile, "/account/sessions");
  await leader.waitForFunction(async () => (await navigator.locks.query()).held?.length);
  const late = await profile.newPage();
  const release = await goLate(late, "/account/platforms");
  await signIn(profile, site.front.url);
  await leader.waitForSelector("#live :text('You are signed in again.')");
  release();
  await late.waitForSelector("#live :text('You are signed in again.')");
});

test("an address that leads into a page still does", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/security?done=password_changed#log");
  await page.waitForURL("**/account/security#log");
  assert.equal(await page.evaluate(() => document.querySelector(":target")?.id), "log");
});

test("what is to correct does not lose where its person was on the way to", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/confirm?next=/account/security");
  await page.fill("[name=password]", "wrong");
  await page.click("button:text-is('Confirm')");
  await page.waitForSelector(".error:not(:empty)");
  await page.reload();
  assert.equal(await page.inputValue("main [name=next]"), "/account/security");

  await page.goto("/account/platforms?next=/account/security");
  await typeHalfAName(page);
  await page.fill("main [name=name]", "Photos");
  await page.click("button:text-is('Connect')");
  await page.waitForSelector(".notice.failed");
  await page.reload();
  assert.equal(await page.inputValue("main [name=next]"), "/account/security");
});

test("who does not want to go on is not asked again on the next page", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "14s", SESSRUM_SESSION__ABSOLUTE: "14s" });
  const page = await open(await site.adasProfile(), "/");
  await page.click("dialog [data-close]");
  const stream = page.waitForRequest((request) => request.url().endsWith("/events"));
  await leaveForDevices(page);
  await stream;
  assert.equal(await page.locator("dialog[open]").count(), 0);
});

for (const isAsleep of [false, true]) {
  const when = isAsleep ? "after the device has slept" : "while somebody looks on";
  test(`that the session is probably over is read aloud once, ${when}`, async (t) => {
    const site = await Site.start(t, { SESSRUM_SESSION__PROFILE: "relaxed" });
    const profile = await site.adasProfile();
    const { session, server_time } = await (await profile.request.get("/api/session/state")).json();
    const page = await profile.newPage();
    await page.clock.install();
    await page.goto("/");
    await site.server.halt();
    await page.evaluate(() => {
      const failed = /** @type {HTMLElement} */ (document.querySelector("[data-part=failed]"));
      const changes = /** @type {string[]} */ ([]);
      Object.assign(window, { changes });
      new MutationObserver(() => failed.textContent && changes.push(failed.textContent)).observe(failed, { childList: true });
    });
    const [told, expiring, ends] = [server_time, session.expiring_at, session.idle_expires_at].map((it) => Date.parse(it));
    await page.clock.fastForward((isAsleep ? ends : expiring) - told + 2_000);
    await page.waitForSelector("dialog[open]");
    await page.clock.runFor(ends - expiring + 5_000);
    const changes = await page.evaluate(() => /** @type {any} */ (window).changes);
    assert.equal(changes.length, 1, `${changes}`);
    assert.match(changes[0], /has probably ended/);
    assert.equal(await page.textContent("[data-part=said]"), "");
  });
}

test("that the session is probably over is taken back when the clock is put right", async (t) => {
  const site = await Site.start(t, { SESSRUM_SESSION__IDLE: "24s" });
  const page = await open(await site.adasProfile(), "/");
  await page.waitForSelector("dialog[open]");
  await page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 3_600_000;
  });
  await page.waitForSelector("[data-part=failed]:has-text('has probably ended')");
  // The server tells the time again.
  await page.evaluate(() => void dispatchEvent(new Event("online")));
  await page.waitForSelector("[data-part=failed]:empty", { state: "attached" });
  assert.match((await page.textContent("[data-part=left]")) ?? "", /^0:(?!00)/);
  assert.match((await page.textContent("[data-part=said]")) ?? "", /left$/);
});

for (const [when, rule] of Object.entries({ "told of its end": undefined, "not told": silence })) {
  test(`a page that is another's is not shown until one's own comes: ${when}`, async (t) => {
    const site = await Site.start(t);
    site.front.treat("/api/session/events", rule);
    const profile = await site.adasProfile();
    const page = await open(profile, "/account/platforms");
    await typeHalfAName(page);
    await page.evaluate(() => {
      const main = /** @type {HTMLElement} */ (document.querySelector("main"));
      // One after the other: none tells late how it was before.
      const tell = async () => {
        await fetch(`/seen/${getComputedStyle(main).visibility}`);
        setTimeout(tell, 20);
      };
      void tell();
    });
    site.front.treat("/account/platforms", () => {});
    await signIn(profile, site.front.url, "root");
    await openTab(profile);
    await until(() => site.front.count("/account/platforms") === 2);
    const seen = () => site.front.requests.filter((request) => request.startsWith("GET /seen/"));
    const before = seen().length;
    await until(() => seen().length > before + 3);
    assert.equal(seen().at(-1), "GET /seen/hidden");
  });
}

test("a page that has heard of an end goes on although the server denies it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  site.front.treat("/api/session/events", silence);
  const { session } = await (await profile.request.get("/api/session/state")).json();
  const page = await profile.newPage();
  await page.clock.install();
  await page.goto("/account/platforms");
  await page.evaluate((created_at) => {
    const ended = { code: "session_ended", end_reason: "logout", detail: "" };
    new BroadcastChannel("sessrum").postMessage({ ended, created_at });
  }, session.created_at);
  for (let second = 0; second < 20; second++) {
    await page.clock.runFor(1_000);
    // Its answer comes after that to a question of the page.
    await page.evaluate(() => fetch("/api/session/csrf-token")).catch(() => {});
  }
  await until(() => site.front.requests.includes("GET /login"));
});
