//! A site of its own for each test: the production router over a real database, with a clock that
//! stands still.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use sessrum_core::store::{EventFilter, EventStore as _, NewPlatform, Page};
use sessrum_core::{
    Accounts, Actor, Change, Client, Directory, EventKind, ManualClock, OsRandom, PasswordCost,
    PasswordHasher, Role, SecretKey, SeededRandom, SessionEvent, SessionPolicy, Timestamp,
    UnifiedSessionManager, UserAdded, UserId,
};
use sessrum_server::app::app;
use sessrum_server::jobs::{Job, JobHealth};
use sessrum_web::api::{self, ApiState};
use sessrum_web::{
    Answers, CsrfGate, DatabaseSessionLayer, Origin, SecurityHeaders, SessionCookieManager,
    TrustedProxies,
};
use tower::ServiceExt as _;

use super::answer::Answer;
use super::base::{Base, Wanted};
use super::browser::Browser;
use super::invariants;
use super::random::RepeatableRandom;
use sessrum_conformance::ProxyStore;

/// Everyone's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// Where the site is unless a test says otherwise.
pub(crate) const HTTPS: &str = "https://sessions.example";
/// The same on this machine alone.
pub(crate) const HTTP: &str = "http://127.0.0.1:8080";
/// 2026-11-23T21:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_795_467_600_000_000);

/// What a test may want otherwise.
pub(crate) struct Plan {
    pub(crate) origin: &'static str,
    pub(crate) policy: SessionPolicy,
    pub(crate) proxies: &'static [&'static str],
    pub(crate) database: Wanted,
    /// Randomness that nobody can repeat, as in production.
    pub(crate) of_the_system: bool,
    pub(crate) directory: Option<Arc<dyn Directory>>,
    /// An application's own routes, beside the session API: the site is that application then.
    pub(crate) routes: Option<Router>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            origin: HTTPS,
            policy: SessionPolicy::default(),
            proxies: &[],
            database: Wanted::Any,
            of_the_system: false,
            directory: None,
            routes: None,
        }
    }
}

/// A site, with `ada` (reviewer, platforms 1 and 2) and `bob` (viewer, platform 3). Clones are the
/// same site.
#[derive(Clone)]
pub(crate) struct Site(Arc<Inner>);

struct Inner {
    router: Router,
    origin: Origin,
    clock: Arc<ManualClock>,
    store: Arc<ProxyStore>,
    random: Arc<RepeatableRandom>,
    accounts: Arc<Accounts>,
    document: Option<serde_json::Value>,
    /// Every token that a browser was given or has sent.
    tokens: Mutex<BTreeSet<String>>,
    /// The last to go.
    base: Base,
}

pub(crate) fn hasher() -> PasswordHasher {
    let cost = PasswordCost { memory_kib: 64, passes: 1 };
    PasswordHasher::new(cost, 4, Arc::new(SeededRandom::new(2))).unwrap()
}

impl Site {
    /// The server on a database, whichever it is.
    pub(crate) async fn new() -> Self {
        Self::of(Plan::default()).await
    }

    /// The server on SQLite.
    pub(crate) async fn on_sqlite() -> Self {
        Self::of(Plan { database: Wanted::Sqlite, ..Plan::default() }).await
    }

    pub(crate) async fn of(plan: Plan) -> Self {
        let site = Self(Arc::new(Inner::of(plan).await));
        site.add_user("ada", Role::Reviewer, &["Photos", "News"]).await;
        site.add_user("bob", Role::Viewer, &["Videos"]).await;
        site.store().asked();
        site
    }

    /// The server on a database that was just made.
    pub(crate) async fn empty() -> Self {
        Self(Arc::new(Inner::of(Plan::default()).await))
    }

    pub(crate) async fn add_user(&self, name: &str, role: Role, platforms: &[&str]) -> UserId {
        let (change, email) = (self.change(), format!("{name}@example.org"));
        let accounts = &self.0.accounts;
        let added = accounts.add_user(name.to_owned(), email, role, PASSWORD, &change).await;
        let UserAdded::Added(user) = added.unwrap() else { panic!("there is {name} already") };
        for platform in platforms {
            let new = NewPlatform {
                name: (*platform).to_owned(),
                platform_type: if *platform == "Photos" { "pixelfed" } else { "mastodon" }
                    .to_owned(),
                instance_url: format!("https://{}.example", platform.to_lowercase()),
                username: name.to_owned(),
                credentials: None,
                is_default: false,
            };
            self.manager().store().add_platform(&user, new, &change).await.unwrap();
        }
        user
    }

    pub(crate) async fn user(&self, name: &str) -> UserId {
        self.manager().store().user_by_name(name).await.unwrap().unwrap().info.id
    }

    /// A browser that has never been here.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.clone())
    }

    /// A browser of its own in which this user has just signed in.
    pub(crate) async fn signed_in(&self, name: &str) -> Browser {
        let browser = self.browser();
        browser.sign_in(name).await.ok();
        browser
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    pub(crate) fn cookie_name(&self) -> &'static str {
        SessionCookieManager::new(&self.0.origin).name()
    }

    pub(crate) fn store(&self) -> &ProxyStore {
        &self.0.store
    }

    /// Waits until what was read may be used again.
    pub(crate) async fn hears(&self) {
        sessrum_testbed::until(async || self.manager().store().feed().hears()).await;
    }

    pub(crate) fn manager(&self) -> &Arc<UnifiedSessionManager> {
        self.0.accounts.manager()
    }

    pub(crate) fn accounts(&self) -> &Arc<Accounts> {
        &self.0.accounts
    }

    /// Where SQLite's file is.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.0.base.file()
    }

    /// Changes SQLite's file behind the server's back, and waits until it has noticed.
    pub(crate) async fn change_by_hand(&self, sql: &str, params: impl rusqlite::Params) {
        let (feed, nobody) = (self.0.store.feed(), UserId::from("nobody"));
        let before = feed.generation();
        let database = rusqlite::Connection::open(self.database()).unwrap();
        database.pragma_update(None, "ignore_check_constraints", true).unwrap();
        database.execute(sql, params).unwrap();
        while feed.holds(&nobody, before) {
            tokio::task::yield_now().await;
        }
    }

    /// What the operator does now.
    pub(crate) fn change(&self) -> Change {
        self.manager().change(Actor::Operator, &Client::default())
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.0.clock.advance(time);
    }

    /// From now on comes the randomness again that came at the start.
    pub(crate) fn repeat_randomness(&self) {
        self.0.random.start_over();
    }

    /// Every job, once.
    pub(crate) async fn run_jobs(&self) {
        for job in [Job::FlushActivity, Job::CleanUp] {
            job.run(self.manager(), Duration::ZERO, || {}).await.unwrap();
        }
    }

    /// The audit trail, oldest first.
    pub(crate) async fn trail(&self) -> Vec<SessionEvent> {
        let all = Page { before: None, limit: 10_000 };
        let mut events = self.0.store.events(&EventFilter::default(), all).await.unwrap();
        events.reverse();
        events
    }

    /// What has changed: the trail without what was refused.
    pub(crate) async fn changes(&self) -> Vec<SessionEvent> {
        let refusals = [EventKind::AccessRefused, EventKind::ForgeryRefused];
        let mut trail = self.trail().await;
        trail.retain(|event| !refusals.iter().any(|refusal| event.kind == *refusal));
        trail
    }

    /// How many live rows there are.
    pub(crate) async fn live(&self) -> u64 {
        self.manager().store().count_live().await.unwrap()
    }

    pub(crate) fn document(&self) -> Option<&serde_json::Value> {
        self.0.document.as_ref()
    }

    pub(crate) fn tokens(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.0.tokens.lock().unwrap()
    }

    /// Sends a request; the answer's body may never end.
    pub(super) async fn answer(&self, mut request: Request<Body>, from: SocketAddr) -> Response {
        request.extensions_mut().insert(ConnectInfo(from));
        self.0.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request, and checks of the answer what must hold of every one.
    pub(crate) async fn send(&self, request: Request<Body>, from: SocketAddr) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.answer(request, from).await;
        let answer = Answer::of(response, self.cookie_name()).await;
        invariants::check(self, &method, &path, &answer);
        answer
    }
}

impl Inner {
    async fn of(plan: Plan) -> Self {
        let secret = SecretKey::from_bytes([7; 32]);
        let (base, store) = Base::new(plan.database, &secret).await;
        let store = ProxyStore::of(store);
        let clock = Arc::new(ManualClock::starting_at(START));
        let random = Arc::new(RepeatableRandom::default());
        let mut manager = UnifiedSessionManager::new(Arc::clone(&store) as _, &secret)
            .with_policy(plan.policy)
            .with_clock(Arc::clone(&clock) as _);
        if !plan.of_the_system {
            manager = manager.with_random(Arc::clone(&random) as _);
        }
        if let Some(users) = plan.directory {
            manager = manager.with_directory(users);
        }
        let origin = Origin::parse(plan.origin).unwrap();
        let accounts = Accounts::new(Arc::new(manager), hasher()).with_site_name(origin.host());
        let accounts = Arc::new(accounts);
        let jobs = [Job::FlushActivity, Job::CleanUp].map(|job| (job, Duration::from_mins(1)));
        let jobs = Arc::new(JobHealth::starting(START, &jobs));
        let (router, document) = if let Some(routes) = plan.routes {
            (library(&accounts, routes, &origin), None)
        } else {
            let document = sessrum_server::app::openapi(&accounts, Arc::clone(&jobs));
            let document = serde_json::to_value(document).unwrap();
            let proxies = TrustedProxies::parse(plan.proxies.iter().copied()).unwrap();
            (app(Arc::clone(&accounts), jobs, &origin, proxies), Some(document))
        };
        let tokens = Mutex::default();
        Self { router, origin, clock, store, random, accounts, document, tokens, base }
    }
}

/// An application that uses the library: its own routes beside the session API.
fn library(accounts: &Arc<Accounts>, routes: Router, origin: &Origin) -> Router {
    let (api, _) = api::router(ApiState { accounts: Arc::clone(accounts) }).split_for_parts();
    let media_types = &["application/json", "multipart/form-data"];
    let gate = CsrfGate::new(origin.clone(), &["/api/login"]).with_media_types(media_types);
    let cookies = SessionCookieManager::new(origin);
    let sessions = DatabaseSessionLayer::new(Arc::clone(accounts.manager()), cookies);
    let answers = Answers::new(Arc::new(OsRandom), |problem, _, _| problem.title().into_response());
    api.merge(routes).layer(gate).layer(sessions).layer(answers).layer(SecurityHeaders::new(origin))
}
