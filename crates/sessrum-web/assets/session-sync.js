/**
 * Keeps a page in step with its session, in every tab and on every device.
 *
 * ```js
 * import { SessionSync } from "/assets/session-sync.js";
 *
 * const sync = new SessionSync();
 * sync.addEventListener("state", () => show(sync.state));
 * sync.addEventListener("ended", () => location.assign("/login?next=" + location.pathname));
 * sync.start();
 * ```
 *
 * One tab of a browser, the leader, holds the stream of events and tells the others. Where streams
 * are blocked, a visible tab asks now and then. Only what the server has said crosses tabs, and never
 * the session's handle. What is older than what a tab knows is ignored.
 *
 * Events, each a `CustomEvent` with this `detail`:
 *
 * | event | when | detail |
 * | --- | --- | --- |
 * | `state` | something newer is known of the session | `{ state, previous }` |
 * | `signed_in` | it is another session than was known, or the first; after `state` | `{ state, previous, sameUser }` |
 * | `confirmed` | `refresh` found that somebody is signed in | null |
 * | `switching` | `switchPlatform` was called: show that platform already | `{ platformId }` |
 * | `switched` | the server has confirmed it; after `state` | `{ platformId }` |
 * | `switch_failed` | it has not: show `sync.state` again, and why | `{ platformId, problem }` |
 * | `expiring` | the session ends soon | `{ endsAt, kind }`, as in `expiring` |
 * | `ended` | nobody is signed in any more | the {@link Problem} |
 *
 * `previous` is the state before; null when nobody was signed in or nothing was known yet.
 */

/**
 * What is known of a session: the answer of `GET /api/session/state`, without the handle.
 * @typedef {object} State
 * @property {string} server_time
 * @property {{created_at: string, last_activity: string, authenticated_at: string,
 *   expires_at: string, idle_expires_at: string, expiring_at: string, revision: number}} session
 * @property {{id: number | string, username: string, email: string, role: string}} user
 * @property {?{id: number | string, name: string, platform_type: string, instance_url: string,
 *   username: string, is_default: boolean}} platform
 */

/**
 * Why something is not so. `code` is `unreachable` when the server gave no answer.
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} detail a sentence for people
 * @property {string} [end_reason]
 * @property {State} [current] how it is, where somebody was faster
 */

/**
 * Times are in milliseconds.
 * @typedef {object} Options
 * @property {?State} [state] what the server wrote into the page, null for nobody. Without it the
 *   state is asked for at the start.
 * @property {string} [csrfToken] the session's token, if the page has one; else it is asked for when
 *   it is first needed
 * @property {string} [api] where the session API is: `/api`
 * @property {string} [channel] what tabs that belong together call each other: `sessrum`
 * @property {number} [answerWithin] how long a request may take: 15000
 * @property {number} [openWithin] how long the stream may take to say something: 10000
 * @property {number} [silentFor] how long it may be silent then: 50000
 * @property {number} [pollEvery] how often visible tabs ask where streams are blocked: 30000
 * @property {number} [streamAgainAfter] how long streams count as blocked: 300000
 * @property {number} [backOffFrom] the longest wait after a first failure: 1000
 * @property {number} [backOffTo] the longest wait after many: 60000
 */

/** @typedef {{state: State} | {ended: Problem, created_at: string}} Fact what crosses tabs */
/** @typedef {"signed_in" | "signed_out" | "unknown"} Answer */

const DEFAULTS = {
  api: "/api",
  channel: "sessrum",
  answerWithin: 15_000,
  openWithin: 10_000,
  silentFor: 50_000,
  pollEvery: 30_000,
  streamAgainAfter: 300_000,
  backOffFrom: 1_000,
  backOffTo: 60_000,
};

const NOBODY = { code: "session_not_found", detail: "Please sign in to continue." };
const UNREACHABLE = {
  code: "unreachable",
  detail: "The server cannot be reached right now. Please try again in a moment.",
};

/** How often it is looked whether the device has slept, and how late that is then. */
const LOOK_EVERY = 10_000;
const SLEPT_FOR = 20_000;
/** A tab that is shown again and again asks once in this time. */
const ASK_ONCE_IN = 1_000;
/** A page that is being left is gone in this time. */
const LEFT_WITHIN = 250;
/** So many streams that break early, although the server is there, count as blocked. */
const BLOCKED_AFTER = 3;
/** The longest time a timer can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class SessionSync extends EventTarget {
  /** @type {typeof DEFAULTS} */
  #options;
  /** @type {?State} the newest state of the newest session, over or not */
  #known = null;
  /** @type {?Problem} */
  #ended = null;
  /** When the newest session that is known to be over was created. */
  #endedSession = "";
  /** @type {?{createdAt: string | undefined, answer: Promise<{token?: string, problem?: Problem}>}} */
  #csrf = null;
  /** @type {?(number | string)} */
  #switching = null;
  /** @type {?Promise<Answer>} */
  #asking = null;
  #askedAt = 0;
  /** How often in a row nobody could say how it is. */
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #askingAgain;
  /** @type {?Promise<boolean>} */
  #heartbeat = null;
  /** The server's clock minus this one's. */
  #clockOffset = 0;
  #warnedOf = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #expiryTimer;
  #leads = false;
  #blockedUntil = 0;
  /** @type {?AbortController} between `start` and `stop` */
  #started = null;
  /** @type {?AbortController} while the page is in use */
  #page = null;
  /** @type {?AbortController} while news of the session are waited for */
  #following = null;
  /** @type {(fact: Fact) => void} */
  #publish = () => {};

  /** @param {Options} [options] */
  constructor({ state, csrfToken, ...options } = {}) {
    super();
    this.#options = { ...DEFAULTS, ...options };
    if (state === null) this.#ended = NOBODY;
    if (state) {
      this.#clockOffset = Date.parse(state.server_time) - Date.now();
      this.#take(state);
      const answer = Promise.resolve({ token: csrfToken });
      if (csrfToken) this.#csrf = { createdAt: state.session.created_at, answer };
    }
  }

  /** What the server has last said; null when nobody is signed in, or nothing is known yet. */
  get state() {
    return this.#ended ? null : this.#known;
  }

  /** Why nobody is signed in; null when somebody is, or nothing is known yet. */
  get ended() {
    return this.#ended;
  }

  /** Where a switch is on its way to, or null. */
  get switching() {
    return this.#switching;
  }

  /**
   * That the session ends soon, or null: when, by the clock of this device (as `Date.now()`), and
   * which end. A `heartbeat` puts an `idle` one off; an `absolute` one needs the password once more.
   * @returns {?{endsAt: number, kind: "idle" | "absolute"}}
   */
  get expiring() {
    const session = this.state?.session;
    if (!session || !(this.serverNow >= Date.parse(session.expiring_at))) return null;
    const isIdle = Date.parse(session.idle_expires_at) < Date.parse(session.expires_at);
    return { endsAt: this.#endsAt() - this.#clockOffset, kind: isIdle ? "idle" : "absolute" };
  }

  /** The server's clock, as `Date.now()` is this device's. */
  get serverNow() {
    return Date.now() + this.#clockOffset;
  }

  /** Begins to follow the session. */
  start() {
    if (this.#started) return;
    this.#started = new AbortController();
    const { signal } = this.#started;
    this.#open();
    this.#publishKnown();
    // A page that rests in the back-forward cache holds nothing open.
    addEventListener("pagehide", () => this.#close(), { signal });
    addEventListener(
      "pageshow",
      ({ persisted }) => {
        if (!persisted) return;
        this.#open();
        this.refresh();
      },
      { signal },
    );
    if (!this.#known && !this.#ended) this.refresh();
  }

  /** Ends all of it; the state stays as it was. */
  stop() {
    this.#started?.abort();
    this.#started = null;
    this.#close();
  }

  /**
   * Asks the server for the state. `unknown`: it cannot be reached or cannot say, and is asked again.
   * @returns {Promise<Answer>}
   */
  refresh() {
    if (!this.#asking) {
      const asking = this.#ask().finally(() => this.#asking === asking && (this.#asking = null));
      this.#asking = asking;
    }
    return this.#asking;
  }

  /**
   * Keeps the session alive, for all tabs. Whether it worked.
   * @returns {Promise<boolean>}
   */
  heartbeat() {
    return (this.#heartbeat ??= this.#change("/session/heartbeat")
      .then(({ body }) => this.#learn(body))
      .finally(() => (this.#heartbeat = null)));
  }

  /**
   * Switches the session's platform, for all tabs. While a switch is on its way further calls do
   * nothing. Whether the session came to be in that platform.
   * @param {number | string} id as the API has it: a number is no text
   * @returns {Promise<boolean>}
   */
  async switchPlatform(id) {
    const state = this.state;
    if (!state || this.#switching !== null) return false;
    if (state.platform?.id === id) return true;
    this.#switching = id;
    this.#tell("switching", { platformId: id });
    const wish = { platform_id: id, revision: state.session.revision };
    const { body, problem } = await this.#change("/session/platform", wish);
    // While it is still told as this tab's own.
    this.#learn(problem ? problem.current : body);
    this.#switching = null;
    // It may have worked although the answer was lost, or another tab wanted the same.
    const isThere = !problem || this.state?.platform?.id === id;
    if (isThere) this.#tell("switched", { platformId: id });
    else this.#tell("switch_failed", { platformId: id, problem });
    if (problem && !problem.current) this.refresh();
    return isThere;
  }

  /**
   * Signs out, in all tabs. Whether it surely worked.
   * @returns {Promise<boolean>}
   */
  async signOut() {
    const createdAt = this.#known?.session.created_at;
    const { problem } = await this.#change("/logout");
    // A question on its way may have gone out before.
    if (problem) this.#asking = null;
    else this.#finish(createdAt, { code: "session_ended", end_reason: "logout", detail: "You are signed out." });
    return !problem;
  }

  /**
   * The session's CSRF token, for `X-CSRF-Token` or a form's `csrf_token`; null when nobody is
   * signed in or the server cannot be reached.
   * @returns {Promise<?string>}
   */
  async csrfToken() {
    return (await this.#token()).token ?? null;
  }

  // What is known

  /**
   * Takes a state if it is news, and passes on what came from the server. Whether it is a state.
   * @param {any} state
   * @param {boolean} [isHeard] another tab has told it
   * @param {boolean} [isAsked] it is what the server says of the cookie of now
   */
  #learn(state, isHeard = false, isAsked = false) {
    if (typeof state?.session?.created_at !== "string") return false;
    const isAnother = this.#known !== null && this.#known.session.created_at !== state.session.created_at;
    const order = isAnother && isAsked ? 1 : this.#compare(state, isHeard);
    // Which of two sessions the cookie is of, the server knows.
    if (isHeard && isAnother) {
      // A question on its way may have gone out with the cookie before.
      this.#asking = null;
      // Who has just opened an old page hears how it is.
      this.refresh().then((answer) => answer === "unknown" || this.#correct());
      return true;
    }
    // So does who has missed what happened meanwhile.
    if (isHeard && order < 0) this.#correct();
    if (order <= 0) return true;
    const [previous, before] = [this.state, this.#known];
    // What another tab tells may be older than it looks.
    if (!isHeard) this.#clockOffset = Date.parse(state.server_time) - Date.now();
    this.#take(state);
    if (isSame(previous, this.#known)) return true;
    if (!isHeard) this.#publishKnown();
    this.#tell("state", { state: this.#known, previous });
    if (before?.session.created_at === state.session.created_at) return true;
    const sameUser = before?.user.id === state.user.id;
    this.#tell("signed_in", { state: this.#known, previous, sameUser });
    this.#follow();
    return true;
  }

  /** @param {any} state */
  #take(state) {
    const { handle, ...session } = state.session;
    const { server_time, user, platform } = state;
    if (this.#known?.session.created_at !== session.created_at) this.#csrf = null;
    this.#known = Object.freeze({ server_time, session, user, platform });
    this.#ended = null;
    this.#endedSession = "";
    this.#watchExpiry();
  }

  /**
   * Less than 0 for what is older than known, by session and by revision; more for what is newer or
   * was told later.
   * @param {State} state
   * @param {boolean} isHeard another tab has told it
   */
  #compare({ server_time, session: { created_at, revision } }, isHeard) {
    // A session that the server has now is the one, wherever its clock was set to.
    if (!isHeard && this.#ended && created_at !== this.#endedSession) return 1;
    if (moment(created_at) <= moment(this.#endedSession)) return -1;
    if (!this.#known) return 1;
    const { session, server_time: toldAt } = this.#known;
    if (created_at !== session.created_at) return moment(created_at) < moment(session.created_at) ? -1 : 1;
    return revision - session.revision || Number(moment(server_time) > moment(toldAt));
  }

  /**
   * A session is over, if it is the one that is known or a newer one.
   * @param {string | undefined} createdAt of the session; undefined when none was known
   * @param {Problem} problem
   * @param {boolean} [isHeard] another tab has told it
   */
  #finish(createdAt, { code, detail, end_reason }, isHeard = false) {
    if (this.#ended || moment(createdAt ?? "") < moment(this.#known?.session.created_at ?? "")) return;
    this.#ended = { code, detail, ...(end_reason && { end_reason }) };
    this.#csrf = null;
    this.#endedSession = createdAt ?? "";
    clearTimeout(this.#expiryTimer);
    if (!isHeard) this.#publishKnown();
    this.#following?.abort();
    this.#tell("ended", this.#ended);
  }

  #publishKnown() {
    const { state, ended } = this;
    if (state) this.#publish({ state });
    else if (ended && this.#endedSession) this.#publish({ ended, created_at: this.#endedSession });
  }

  /** Tells a tab that knows less: the leader does, or all when it is over. */
  #correct() {
    if (this.#leads || this.#ended) this.#publishKnown();
  }

  /**
   * @param {string} type
   * @param {object | null} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // The server

  /** @returns {Promise<Answer>} */
  async #ask() {
    for (let tries = 1; ; tries++) {
      const before = this.#known?.session.created_at;
      this.#askedAt = Date.now();
      const { status, body, problem } = await this.#send("GET", "/session/state");
      if (problem ? status !== 401 || !problem.code.startsWith("session_") : !body?.session) {
        this.#failures++;
        clearTimeout(this.#askingAgain);
        // A hidden page asks when it is shown.
        this.#askingAgain = setTimeout(() => this.#page && isVisible() && this.refresh(), this.#backOff());
        return "unknown";
      }
      this.#failures = 0;
      const now = this.#known?.session.created_at;
      if (problem && now === before) {
        this.#finish(now, problem);
        return "signed_out";
      }
      if (!problem && (now === before || now === body.session.created_at)) this.#learn(body, false, true);
      if (!problem && this.state?.session.created_at === body.session.created_at) {
        this.#tell("confirmed", null);
        return "signed_in";
      }
      // The answer may be about an older cookie, or from before the end.
      await pause(this.#backOff(tries));
    }
  }

  /**
   * Sends an unsafe request, with the CSRF token.
   * @param {string} path
   * @param {object} [input]
   */
  async #change(path, input) {
    for (let isLast = false; ; isLast = true) {
      const { token, problem } = await this.#token();
      const answer = token ? await this.#send("POST", path, input, token) : { status: 0, body: null, problem };
      if (answer.status === 401) this.refresh();
      if (answer.problem?.code !== "csrf_failed" || isLast) return answer;
      this.#csrf = null;
    }
  }

  /** The token of the session, asked for once. */
  #token() {
    const createdAt = this.#known?.session.created_at;
    if (this.#csrf?.createdAt !== createdAt || !this.#csrf) {
      const answer = this.#send("GET", "/session/csrf-token").then(({ status, body, problem = UNREACHABLE }) => {
        const token = body?.csrf_token;
        if (!token) this.#csrf = null;
        if (status === 401) this.refresh();
        return token ? { token } : { problem };
      });
      this.#csrf = { createdAt, answer };
    }
    return this.#csrf.answer;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [input]
   * @param {string} [token]
   * @returns {Promise<{status: number, body: any, problem?: Problem}>}
   */
  async #send(method, path, input, token) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (token) headers["X-CSRF-Token"] = token;
    if (input) headers["Content-Type"] = "application/json";
    let status = 0;
    try {
      const response = await fetch(this.#options.api + path, {
        method,
        headers,
        body: input && JSON.stringify(input),
        cache: "no-store",
        signal: AbortSignal.timeout(this.#options.answerWithin),
      });
      status = response.status;
      const text = await response.text();
      const body = text ? JSON.parse(text) : null;
      if (response.ok) return { status, body };
      return { status, body, problem: typeof body?.code === "string" ? body : UNREACHABLE };
    } catch {
      return { status, body: null, problem: UNREACHABLE };
    }
  }

  // The page, and the other tabs

  #open() {
    this.#page = new AbortController();
    const { signal } = this.#page;
    this.#publish = openChannel(this.#options.channel, (fact) => this.#hear(fact), signal);
    let lookedAt = Date.now();
    document.addEventListener(
      "visibilitychange",
      () => {
        lookedAt = Date.now();
        if (isVisible() && (this.#failures || lookedAt - this.#askedAt >= ASK_ONCE_IN)) this.refresh();
      },
      { signal },
    );
    addEventListener("online", () => isVisible() && this.refresh(), { signal });
    const looking = setInterval(() => {
      const late = Date.now() - lookedAt - LOOK_EVERY;
      lookedAt = Date.now();
      if (late > SLEPT_FOR && isVisible()) this.refresh();
    }, LOOK_EVERY);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.#watchExpiry();
    this.#follow();
  }

  #close() {
    this.#page?.abort();
    this.#page = null;
    this.#publish = () => {};
    this.#following?.abort();
    clearTimeout(this.#expiryTimer);
  }

  /** @param {any} fact */
  #hear(fact) {
    if (fact?.state) this.#learn(fact.state, true);
    else if (fact.created_at === this.#known?.session.created_at) this.#finish(fact.created_at, fact.ended, true);
    else this.refresh();
  }

  // The end of the session

  /** When the session ends, by the server's clock. */
  #endsAt() {
    const { expires_at, idle_expires_at } = /** @type {State} */ (this.#known).session;
    return Math.min(Date.parse(expires_at), Date.parse(idle_expires_at));
  }

  /**
   * Waits for the moment to warn, and then for the end. Both may have been put off elsewhere, so the
   * server is asked: the leader does so first, and tells the others.
   */
  #watchExpiry() {
    clearTimeout(this.#expiryTimer);
    if (!this.#page || !this.state) return;
    const { session, server_time } = this.state;
    const isNews = this.expiring && this.#warnedOf !== this.#warning();
    const isFresh = this.serverNow - Date.parse(server_time) < 2 * ASK_ONCE_IN;
    if (isNews && isFresh) this.#warn();
    const short = (this.#endsAt() - Date.parse(session.expiring_at)) / 4;
    const late = this.#leads ? 0 : Math.min(ASK_ONCE_IN * (2 + Math.random()), short);
    const next = this.expiring && !isNews ? this.#endsAt() + ASK_ONCE_IN : Date.parse(session.expiring_at);
    this.#expiryTimer = setTimeout(
      () => this.#expiryIsNear(),
      Math.min(Math.max(next + late - this.serverNow, ASK_ONCE_IN), LONGEST_TIMER),
    );
  }

  async #expiryIsNear() {
    const isOver = this.serverNow >= this.#endsAt();
    if (isOver || (this.expiring && (this.#leads || !navigator.locks))) await this.refresh();
    this.#warn();
    if (!isOver) this.#watchExpiry();
  }

  #warn() {
    const { expiring } = this;
    if (!expiring || this.#warnedOf === this.#warning()) return;
    this.#warnedOf = this.#warning();
    this.#tell("expiring", expiring);
  }

  /** What a warning is known by. */
  #warning() {
    return `${this.expiring?.kind} ${this.state?.session.expiring_at}`;
  }

  // News

  /** Sees to it that news come in while the session lives. */
  async #follow() {
    this.#following?.abort();
    if (!this.#page || !this.state) return;
    this.#following = new AbortController();
    const { signal } = this.#following;
    const { locks } = navigator;
    while (!signal.aborted) {
      // Where tabs cannot agree on a leader, or all of them have to ask, hidden ones rest.
      const rests = !locks || this.#isBlocked();
      const turn = rests ? await visibleTime(signal) : signal;
      const lead = () => this.#lead(turn);
      try {
        if (locks) await locks.request(this.#options.channel, { signal: turn }, lead);
        else await lead();
      } catch {
        // Locks may be denied.
        if (!turn.aborted) await lead();
      }
    }
  }

  /** @param {AbortSignal} signal */
  async #lead(signal) {
    this.#leads = true;
    let refusals = 0;
    while (!signal.aborted && !this.#isBlocked()) {
      const lasted = await this.#listen(signal);
      // A page that is being left breaks its stream first.
      await pause(LEFT_WITHIN, signal);
      if (signal.aborted) break;
      if (lasted) {
        this.#failures = refusals = 0;
      } else if ((await this.refresh()) !== "unknown" && ++refusals === BLOCKED_AFTER) {
        // Once may be a restart.
        this.#blockedUntil = Date.now() + this.#options.streamAgainAfter;
        break;
      }
      await pause(this.#backOff(), signal);
    }
    while (!signal.aborted && this.#isBlocked() && isVisible()) {
      await pause(this.#options.pollEvery * (0.75 + Math.random() / 2), signal);
      if (!signal.aborted && isVisible()) await this.refresh();
    }
    this.#leads = false;
  }

  #isBlocked() {
    return Date.now() < this.#blockedUntil;
  }

  /**
   * Holds the stream until it breaks or falls silent. Whether it went on after its first event.
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>}
   */
  #listen(signal) {
    return new Promise((resolve) => {
      const source = new EventSource(`${this.#options.api}/session/events`);
      let events = 0;
      /** @type {string | undefined} */
      let createdAt;
      const before = this.#known;
      const close = () => {
        clearTimeout(silence);
        source.close();
        signal.removeEventListener("abort", close);
        resolve(events > 1);
      };
      let silence = setTimeout(close, this.#options.openWithin);
      /**
       * @param {string} type
       * @param {(data: any) => void} take
       */
      const on = (type, take) =>
        source.addEventListener(type, ({ data }) => {
          events++;
          clearTimeout(silence);
          silence = setTimeout(close, this.#options.silentFor);
          take(JSON.parse(data));
        });
      for (const type of ["state", "platform_switched", "session_updated", "session_expiring"]) {
        on(type, (state) => {
          createdAt = state.session.created_at;
          this.#learn(state, false, this.#known === before);
        });
      }
      on("keep_alive", () => {});
      on("session_ended", (problem) => this.#finish(createdAt, problem));
      source.addEventListener("error", close);
      signal.addEventListener("abort", close);
    });
  }

  /** A random part of a wait that doubles with each failure after the first. */
  #backOff(failures = this.#failures) {
    const { backOffFrom, backOffTo } = this.#options;
    return Math.random() * Math.min(backOffFrom * 2 ** Math.max(failures - 1, 0), backOffTo);
  }
}

/**
 * A moment as the server writes it, in a form whose order is that of time: digits that are zero are
 * left out at the end.
 * @param {string} text
 */
function moment(text) {
  return text.replace("Z", "");
}

/**
 * Whether two states differ in the time alone at which they were told.
 * @param {?State} one
 * @param {?State} other
 */
function isSame(one, other) {
  const facts = (/** @type {?State} */ state) => JSON.stringify({ ...state, server_time: "" });
  return facts(one) === facts(other);
}

function isVisible() {
  return document.visibilityState === "visible";
}

/**
 * Resolves after a time, or sooner when things have changed: aborted, online, shown or hidden.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, over);
    addEventListener("online", done, over);
    document.addEventListener("visibilitychange", done, over);
    if (signal?.aborted) done();
  });
}

/**
 * Waits until the page is visible. The signal is aborted when it is hidden again, or with the other.
 * @param {AbortSignal} signal
 * @returns {Promise<AbortSignal>}
 */
async function visibleTime(signal) {
  while (!signal.aborted && !isVisible()) await pause(LONGEST_TIMER, signal);
  const time = new AbortController();
  const end = () => time.abort();
  signal.addEventListener("abort", end, time);
  document.addEventListener("visibilitychange", end, time);
  if (signal.aborted) end();
  return time.signal;
}

/**
 * The way to the other tabs: what is posted there, `hear` gets in each of them.
 * @param {string} name
 * @param {(fact: unknown) => void} hear
 * @param {AbortSignal} signal
 * @returns {(fact: Fact) => void}
 */
function openChannel(name, hear, signal) {
  if (typeof BroadcastChannel === "function") {
    const channel = new BroadcastChannel(name);
    channel.addEventListener("message", ({ data }) => hear(data));
    signal.addEventListener("abort", () => channel.close());
    return (fact) => channel.postMessage(fact);
  }
  addEventListener(
    "storage",
    ({ key, newValue }) => {
      if (key === name && newValue) hear(JSON.parse(newValue));
    },
    { signal },
  );
  return (fact) => {
    try {
      localStorage.setItem(name, JSON.stringify(fact));
      localStorage.removeItem(name);
    } catch {
      // Storage is off: each tab learns when it is shown.
    }
  };
}
