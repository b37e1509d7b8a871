/** Forms are sent one at a time. */

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Site, closeBrowser, signIn, until } from "./browser.js";
import { open, typeHalfAName } from "./page.js";
import { PASSWORD } from "./server.js";

after(closeBrowser);

test("a form that is pressed twice is sent once", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/security");
  await page.fill("[name=current_password]", PASSWORD);
  await page.fill("[name=new_password]", "another correct horse");
  await page.fill("[name=new_password_again]", "another correct horse");
  // The second press comes when the form is with the server, which answers after that.
  const pressAgain = site.front.hold("/press-again");
  const answer = /** @type {(() => void)[]} */ ([]);
  site.front.treat("/pressed-again/progress", () => answer.forEach((pass) => pass()));
  site.front.treat("/account/security", (pass, { method }) => {
    if (method === "GET") return pass();
    answer.push(pass);
    pressAgain();
  });
  await page.locator("button:has-text('Change password')").evaluate(async (/** @type {HTMLButtonElement} */ it) => {
    fetch("/press-again").then(() => {
      it.click();
      fetch(`/pressed-again/${getComputedStyle(it).cursor}`);
    });
    it.click();
  });
  await page.waitForSelector(".notice.done:text('Your password is changed.')");
  assert.equal(answer.length, 1);
});

test("a form that was stopped can be sent again", async (t) => {
  const site = await Site.start(t);
  const profile = await site.adasProfile();
  const page = await open(profile, "/account/platforms");
  const inspector = await profile.newCDPSession(page);
  await typeHalfAName(page);
  site.front.treat("/account/platforms", () => void inspector.send("Page.stopLoading"));
  await page.evaluate(() => {
    const form = /** @type {HTMLFormElement} */ (document.querySelector("form[action='/account/platforms']"));
    const changes = new MutationObserver(() => form.ariaBusy || document.body.setAttribute("data-free", ""));
    changes.observe(form, { attributes: true });
    form.requestSubmit();
  });
  await page.waitForSelector("body[data-free]", { timeout: 5_000 });
  site.front.treat("/account/platforms");
  await page.click("button:has-text('Connect')");
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
});

test("a sign-in that was stopped goes on when another tab has signed in", async (t) => {
  const site = await Site.start(t);
  const profile = await site.profile();
  const page = await open(profile, "/login");
  const inspector = await profile.newCDPSession(page);
  site.front.hold("/login");
  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", PASSWORD);
  await page.$eval("form", (/** @type {HTMLFormElement} */ form) => form.requestSubmit());
  await until(() => site.front.requests.includes("POST /login"));
  await signIn(profile, site.front.url);
  await open(profile, "/");
  await until(() => site.front.count("/api/session/events") > 0);
  await inspector.send("Page.stopLoading");
  await page.waitForSelector("h1:has-text('Welcome, ada')");
});

test("a form that was sent when its page comes back can be sent again", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  const busy = await page.evaluate(() => {
    const form = /** @type {HTMLFormElement} */ (document.querySelector("form[action='/account/platforms']"));
    // As from the back-forward cache.
    const comesBack = new PageTransitionEvent("pageshow", { persisted: true });
    form.noValidate = true;
    form.requestSubmit();
    const before = form.ariaBusy;
    dispatchEvent(comesBack);
    window.stop();
    return [before, form.ariaBusy];
  });
  assert.deepEqual(busy, ["true", null]);
});

test("a jump within the page leaves a form on its way", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  const jump = site.front.hold("/jump");
  const answers = /** @type {(() => void)[]} */ ([]);
  site.front.treat("/jumped", () => answers.forEach((pass) => pass()));
  site.front.treat("/account/platforms", (pass, { method }) => {
    if (method === "GET") return pass();
    answers.push(pass);
    jump();
  });
  await page.locator("button:has-text('Connect')").evaluate(async (/** @type {HTMLButtonElement} */ button) => {
    fetch("/jump").then(() => {
      // In the task after the page's own.
      const pressAgain = () => {
        button.click();
        fetch("/jumped");
      };
      window.navigation?.addEventListener("navigateerror", () => setTimeout(pressAgain), { once: true });
      /** @type {HTMLAnchorElement} */ (document.querySelector(".skip")).click();
    });
    button.click();
  });
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  assert.equal(answers.length, 1);
});

test("a form in the place of a link is pressed twice and sent once", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  const pressAgain = site.front.hold("/press-again");
  site.front.hold("/account/sessions");
  const answers = /** @type {(() => void)[]} */ ([]);
  site.front.treat("/pressed-again", () => answers.forEach((pass) => pass()));
  site.front.treat("/account/platforms", (pass, { method }) => {
    if (method === "GET") return pass();
    answers.push(pass);
    pressAgain();
  });
  await page.locator("button:has-text('Connect')").evaluate(async (/** @type {HTMLButtonElement} */ button) => {
    fetch("/press-again").then(() => {
      button.click();
      fetch("/pressed-again");
    });
    window.navigation?.addEventListener("navigate", () => setTimeout(() => button.click()), { once: true });
    /** @type {HTMLAnchorElement} */ (document.querySelector("a[href='/account/sessions']")).click();
  });
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  assert.equal(answers.length, 1);
});

test("while a form is on its way no other is sent", async (t) => {
  const site = await Site.start(t);
  const page = await open(await site.adasProfile(), "/account/platforms");
  await typeHalfAName(page);
  const pressOther = site.front.hold("/press-other");
  const sent = /** @type {string[]} */ ([]);
  const answers = /** @type {(() => void)[]} */ ([]);
  site.front.treat("/pressed-other", () => answers.forEach((pass) => pass()));
  site.front.treat("/account/platforms", (pass, { method }) => {
    if (method === "GET") return pass();
    sent.push("connect");
    answers.push(pass);
    pressOther();
  });
  await page.locator("button:has-text('Connect')").evaluate(async (/** @type {HTMLButtonElement} */ connect) => {
    const other = /** @type {HTMLButtonElement} */ (document.querySelector("form[action$='/deactivate'] button"));
    fetch("/press-other").then(() => {
      other.click();
      connect.click();
      fetch("/pressed-other");
    });
    connect.click();
  });
  await page.waitForSelector(".notice.done:text('The platform is connected.')");
  assert.deepEqual(sent, ["connect"]);
  assert.equal(site.front.requests.filter((request) => request.endsWith("/deactivate")).length, 0);
});
