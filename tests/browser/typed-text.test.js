/** What was typed into a page is given back to its person alone, and only when it did not arrive. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Site, closeBrowser, platforms, show, signIn, until } from "./browser.js";
import { hangUp, silence, unavailable } from "./front.js";
import { goLate, isAtTheDoor, isHereAgain, leaveForDevices, makeTokensOld, open, signInHere, typeHalfAName } from "./page.js";

after(closeBrowser);

/**
 * Types on the page for platforms, loses the cookie, signs in again and finds what was typed.
 * @param {import("playwright-core").BrowserContext} profile
 * @param {import("./browser.js").Tab} page
 */
async function comesBackAfterItsCookieWent(profile, page) {
  await typeHalfAName(page);
  await profile.clearCookies();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await isAtTheDoor(page, "Please sign in to continue.");
  await signInHere(page);
  await page.waitForURL("**/account/platforms");
  await isHereAgain(page);
}

test("what was typed is not shown on a page that is older than the sign-in of another", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const writing = await open(profile, "/account/platforms");
  await typeHalfAName(writing);
  await leaveForDevices(writing);
  const release = await goLate(writing, "/account/platforms");
  await signIn(profile, site.front.url, "root");
  const answer = site.front.hold("/api/session/state");
  release();
  await until(() => site.front.count("/api/session/state") > 0);
  assert.equal(await writing.inputValue("main [name=name]"), "");
  answer();
  await writing.waitForSelector(".who-name:has-text('root')");
  assert.equal(await writing.evaluate(() => sessionStorage.length), 0);
});

test("what was sent and did not arrive stays when other rows change", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  site.front.treat("/account/platforms", unavailable);
  await page.click("button:has-text('Connect')");
  await page.waitForSelector("text=away");
  site.front.treat("/account/platforms");
  const beside = await open(profile, "/account/platforms");
  await beside.click("button:has-text('Make default')");
  await beside.waitForSelector(".notice.done");
  await beside.click("summary:has-text('Remove') >> nth=0");
  await beside.click("button:has-text('Remove for good')");
  await beside.waitForSelector(".notice.done:text('The platform is removed.')");
  await page.goto("/account/platforms");
  await isHereAgain(page);
});

test("what was given back goes when it arrives after all", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  site.front.treat("/account/platforms", unavailable);
  await page.click("button:has-text('Connect')");
  await page.waitForSelector("text=away");
  site.front.treat("/account/platforms");
  await page.goto("/account/platforms");
  await isHereAgain(page);
  await leaveForDevices(page);
  const beside = await open(profile, "/account/platforms");
  await typeHalfAName(beside);
  await beside.click("button:has-text('Connect')");
  await beside.waitForSelector(".notice.done");
  await page.click("nav >> text=Platforms");
  await page.waitForFunction(() => sessionStorage.length === 0);
});

test("what is corrected after a form was stopped is no part of what arrived", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  // The form arrives, and its answer does not.
  site.front.treat("/account/platforms", (pass, { method }) => pass(method === "GET" ? undefined : new Promise(() => {})));
  await page.$eval("form[action='/account/platforms']", (/** @type {HTMLFormElement} */ form) => form.requestSubmit());
  await until(async () => "Half a name" in (await platforms(profile)));
  await (await profile.newCDPSession(page)).send("Page.stopLoading");
  await page.waitForFunction(() => !document.querySelector("form[aria-busy]"));
  await page.fill("main [name=username]", "grace");
  await page.goto("/account/platforms");
  await isHereAgain(page);
  assert.equal(await page.inputValue("main [name=username]"), "grace");
});

for (const [name, rule] of Object.entries({ hangUp, unavailable })) {
  test(`what was sent and did not arrive is there again: ${name}`, async (t) => {
    const site = await Site.start(t);
    const page = await open(await site.adasProfile(), "/account/platforms");
    await typeHalfAName(page);
    site.front.treat("/account/platforms", rule);
    const gone = page.waitForEvent("framenavigated");
    await page.click("button:has-text('Connect')");
    await gone;
    site.front.treat("/account/platforms");
    await page.goto("/account/platforms");
    await isHereAgain(page);
    await page.click("button:has-text('Connect')");
    await page.waitForSelector(".notice.done:text('The platform is connected.')");
    assert.equal(new URL(page.url()).search, "");
    await page.reload();
    assert.equal(await page.inputValue("main [name=name]"), "");
  });
}

test("a form that is not sent again is there again", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  await makeTokensOld(page);
  await page.click("button:has-text('Connect')");
  await page.waitForSelector("h1:has-text('Send it again?')");
  await page.reload();
  await isHereAgain(page);
});

test("what has arrived is not filled in again, when the session ends before that is shown", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  // The answer leads to a page that finds nobody signed in.
  site.front.treat("/account/platforms", async (pass, request) => {
    if (request.url?.includes("done=")) await profile.clearCookies();
    if (request.url?.includes("done=")) delete request.headers.cookie;
    pass();
  });
  await page.click("button:has-text('Connect')");
  await page.waitForURL("**/login?**");
  site.front.treat("/account/platforms");
  await signInHere(page);
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  assert.equal(await page.inputValue("main [name=name]"), "");
  await leaveForDevices(page);
  await page.click("nav >> text=Platforms");
  await page.waitForSelector("h1:has-text('Platforms')");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test("what is sent again and arrives is not given back", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  await makeTokensOld(page);
  await page.click("button:has-text('Connect')");
  await page.waitForSelector("h1:has-text('Send it again?')");
  await page.click("button:has-text('Send it now')");
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  await page.waitForFunction(() => sessionStorage.length === 0);
  assert.equal(await page.inputValue("main [name=name]"), "");
});

test("what has arrived is not given back by an answer that leads elsewhere", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms?next=/app");
  await typeHalfAName(page);
  await page.click("button:has-text('Connect')");
  await page.waitForURL("**/app");
  await page.goto("/account/platforms");
  await page.waitForFunction(() => sessionStorage.length === 0);
  assert.equal(await page.inputValue("main [name=name]"), "");
});

test("what is typed before the rest is there again joins it", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  await leaveForDevices(page);
  const answer = site.front.hold("/api/session/state");
  await page.click("nav >> text=Platforms");
  await page.waitForSelector("h1:has-text('Platforms')");
  await page.click("summary:has-text('Connect another')");
  await page.fill("main [name=username]", "grace");
  await leaveForDevices(page);
  answer();
  await page.click("nav >> text=Platforms");
  await isHereAgain(page);
  assert.equal(await page.inputValue("main [name=username]"), "grace");
});

test("what was typed is there again once the server says whose page it is", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  await leaveForDevices(page);
  let refusals = 0;
  site.front.treat("/api/session/events", hangUp);
  site.front.treat("/api/session/state", (pass, request, response) => {
    if (++refusals > 2) return pass();
    if (refusals === 2) site.front.treat("/api/session/events");
    unavailable(pass, request, response);
  });
  await page.click("nav >> text=Platforms");
  await isHereAgain(page);
});

test("a browser that keeps nothing, and what cannot be read, stop no page", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  for (const text of ["[object", "null", "1", '{"fields":[1]}', '{"user":1,"forms":{"/x":{"fields":"a"}}}']) {
    await page.evaluate((text) => sessionStorage.setItem("sessrum:typed:/account/platforms", text), text);
    await page.reload();
    await page.waitForFunction(() => sessionStorage.length === 0);
  }
  await profile.addInitScript(() => {
    for (const name of ["sessionStorage", "localStorage"]) {
      const get = () => {
        throw new DOMException("denied", "SecurityError");
      };
      Object.defineProperty(window, name, { get });
    }
  });
  await page.reload();
  await signIn(profile, site.front.url, "root");
  await page.waitForSelector(".who-name:has-text('root')");
});

test("what was typed goes with a sign-out, also from a tab that does not hear of it", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [one, two] = [await open(profile, "/"), await open(profile, "/account/platforms")];
  await typeHalfAName(two);
  await two.goto("/app");
  assert.equal(await two.evaluate(() => sessionStorage.length), 1);
  await two.goto("about:blank");
  await one.click("text=Sign out");
  await one.waitForURL("**/login?reason=logout");
  await two.goto("/account/platforms");
  await isAtTheDoor(two, "Please sign in to continue.");
  await two.waitForFunction(() => sessionStorage.length === 0);
});

test("a sign-out that fails takes nothing away", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [one, two] = [await open(profile, "/account/platforms"), await open(profile, "/account/platforms")];
  for (const page of [one, two]) {
    await typeHalfAName(page);
    await leaveForDevices(page);
  }
  site.front.treat("/api/logout", unavailable);
  await one.click("text=Sign out");
  await one.waitForSelector(".notice.failed:text('You may still be signed in')");
  for (const page of [one, two]) {
    await page.click("nav >> text=Platforms");
    await isHereAgain(page);
  }
  assert.equal(site.front.count("/logout"), 0);
  site.front.treat("/api/logout");
  await one.click("text=Sign out");
  for (const page of [one, two]) {
    await isAtTheDoor(page, "You are signed out.");
    await page.waitForFunction(() => sessionStorage.length === 0);
  }
});

test("a sign-out that scripts cannot make is made without", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/");
  site.front.treat("/api/logout", unavailable);
  await page.click("text=Sign out");
  await page.waitForSelector(".notice.failed:text('You may still be signed in')");
  await page.click("text=Sign out");
  await isAtTheDoor(page, "You are signed out.");
});

test("a sign-out whose answer is lost is one", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [one, two] = [await open(profile, "/"), await open(profile, "/account/platforms")];
  await typeHalfAName(two);
  await leaveForDevices(two);
  await two.goto("about:blank");
  site.front.treat("/api/logout", (pass, _request, response) => {
    pass(new Promise(() => {}));
    response.req.socket.setTimeout(500, () => response.destroy());
  });
  await one.click("text=Sign out");
  await one.waitForURL("**/login?reason=logout");
  await two.goto("/login");
  await two.waitForFunction(() => sessionStorage.length === 0);
});

test("a sign-out whose answer is lost is one where nothing tells of it", async (t) => {
  const site = await Site.start(t);
  site.front.treat("/api/session/events", silence);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  site.front.treat("/api/logout", (pass, _request, response) => {
    pass(new Promise(() => {}));
    response.req.socket.setTimeout(500, () => response.destroy());
  });
  await page.click("text=Sign out");
  await page.waitForURL("**/login?reason=logout");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test("what is typed in an older session is kept when the newer one of another is gone", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const [ada] = await profile.cookies();
  await profile.clearCookies();
  await signIn(profile, site.front.url, "root");
  const page = await open(profile, "/account/platforms");
  await page.waitForSelector(".who-name:has-text('root')");
  await profile.addCookies([ada]);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.waitForSelector(".who-name:has-text('ada')");
  await typeHalfAName(page);
  await leaveForDevices(page);
  await page.click("nav >> text=Platforms");
  await isHereAgain(page);
});

test("a sign-out that failed makes no sign-out of a later end", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  site.front.treat("/api/logout", unavailable);
  await page.click("text=Sign out");
  await page.waitForSelector(".notice.failed:text('You may still be signed in')");
  await comesBackAfterItsCookieWent(profile, page);
});

test("what was typed waits for another session a while", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await profile.newPage();
  await page.clock.install();
  await page.goto("/account/platforms");
  await typeHalfAName(page);
  // As an application signs out, which keeps no account of what pages keep.
  const { csrf_token } = await (await profile.request.get("/api/session/csrf-token")).json();
  const headers = { origin: site.front.url, "x-csrf-token": csrf_token };
  await profile.request.post("/api/logout", { headers });
  await page.clock.runFor(1_000);
  await isAtTheDoor(page, "You are signed out.");
  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", "wrong");
  await page.click("button[type=submit]");
  await page.waitForSelector(".notice.failed");
  assert.notEqual(await page.evaluate(() => sessionStorage.length), 0);
  await page.clock.fastForward(20_000);
  await page.reload();
  await page.waitForFunction(() => sessionStorage.length === 0);
});

test("what was typed waits for the answer to a sign-in that ended its session", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  let answer = () => {};
  const answered = /** @type {Promise<void>} */ (new Promise((resolve) => (answer = resolve)));
  site.front.treat("/api/login", (pass) => pass(answered));
  const signedIn = signIn(profile, site.front.url);
  await isAtTheDoor(page, "You are signed out.");
  answer();
  await signedIn;
  await open(profile, "/");
  await page.waitForURL("**/account/platforms");
  await isHereAgain(page);
});

test("what was typed goes when the sign-in page says that somebody ended the session", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const { session } = await (await profile.request.get("/api/session/state")).json();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  await page.goto("about:blank");
  await site.server.command("session", "revoke", session.handle);
  await page.goto("/account/platforms");
  await isAtTheDoor(page, "An administrator ended your session. Please sign in again.");
  await page.waitForFunction(() => sessionStorage.length === 0);
});

test("what was typed waits when the cookie is gone and nobody signed out", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  await page.goto("about:blank");
  await profile.clearCookies();
  await page.goto("/account/platforms");
  await isAtTheDoor(page, "Please sign in to continue.");
  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", "wrong");
  await page.click("button[type=submit]");
  await page.waitForSelector(".notice.failed");
  await signInHere(page);
  await isHereAgain(page);
});

test("a sign-out in doubt is none once the server says that the session lives", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  for (const path of ["/api/logout", "/api/session/state"]) site.front.treat(path, unavailable);
  await page.click("text=Sign out");
  await page.waitForSelector(".notice.failed:text('You may still be signed in')");
  const answer = page.waitForResponse((response) => response.url().endsWith("/state") && response.ok());
  site.front.treat("/api/session/state");
  await answer;
  await comesBackAfterItsCookieWent(profile, page);
});

for (const [when, isAsked] of /** @type {const} */ ([["", false], [", though all was well just before", true]])) {
  test(`what was typed goes with a sign-out that is made without scripts${when}`, async (t) => {
    const site = await Site.start(t);
    const profile = await site.adasProfile();
    const [one, two] = [await open(profile, "/"), await open(profile, "/account/platforms")];
    await typeHalfAName(two);
    await leaveForDevices(two);
    await two.goto("about:blank");
    site.front.treat("/api/logout", unavailable);
    await one.click("text=Sign out");
    await one.waitForSelector(".notice.failed:text('You may still be signed in')");
    let make = () => {};
    const isMade = new Promise((resolve) => (make = () => resolve(undefined)));
    site.front.treat("/logout", (pass) => void isMade.then(() => pass(new Promise(() => {}))));
    const answer = isAsked && one.waitForResponse((response) => response.url().endsWith("/state") && response.ok());
    await one.$eval(".sign-out", (/** @type {HTMLFormElement} */ form, isAsked) => {
      // While the form is on its way.
      const ask = () => setTimeout(() => dispatchEvent(new Event("online")));
      if (isAsked) window.navigation?.addEventListener("navigate", ask, { once: true });
      form.requestSubmit();
    }, isAsked);
    await answer;
    make();
    await one.waitForURL("**/login?reason=logout");
    await two.goto("/login");
    await two.waitForFunction(() => sessionStorage.length === 0);
  });
}

test("a sign-out that failed while a form was on its way makes none of a later end", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  await typeHalfAName(page);
  site.front.treat("/api/logout", unavailable);
  site.front.treat("/account/platforms", (pass, { method }) => method === "GET" && pass());
  const lookAgain = site.front.hold("/look-again");
  const answer = page.waitForResponse((response) => response.url().endsWith("/state") && response.ok());
  await page.$eval("form[action='/account/platforms']", (/** @type {HTMLFormElement} */ form) => {
    fetch("/look-again").then(() => dispatchEvent(new Event("online")));
    form.requestSubmit();
    /** @type {HTMLFormElement} */ (document.querySelector(".sign-out")).requestSubmit();
  });
  await answer;
  await profile.clearCookies();
  lookAgain();
  await isAtTheDoor(page, "Please sign in to continue.");
  await signInHere(page);
  await isHereAgain(page);
});

test("what was typed is there again after a hidden page was ended without a word", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  await show(page, "hidden");
  // From here on it can keep nothing.
  await page.evaluate(() => void Object.assign(Storage.prototype, { setItem: null, removeItem: null }));
  await page.reload();
  await isHereAgain(page);
});
