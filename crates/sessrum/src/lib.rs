//! One session system for web applications.
//!
//! A session is a row in a database. The browser holds an opaque token in one cookie; the database
//! holds the token's hash. Everything else follows from the row: who is signed in, in which
//! platform they act, which devices they have, what happened when. There is no second place to
//! look, so nothing can disagree.
//!
//! This crate is for axum applications. Applications in other languages run the server
//! (`sessrum serve`), which is made of the same parts.
//!
//! # An application with sessions
//!
//! ```
//! use std::sync::Arc;
//! use axum::{Router, routing::get};
//! use sessrum::{
//!     Accounts, EventSealer, OsRandom, PasswordCost, PasswordHasher, SecretKey, UnifiedSessionManager,
//! };
//! use sessrum::web::{
//!     self, CsrfGate, CurrentSession, DatabaseSessionLayer, Origin, SecurityHeaders,
//!     SessionCookieManager,
//! };
//!
//! async fn hello(session: CurrentSession) -> String {
//!     format!("Hello, {}!", session.user.username)
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("sessions.db");
//! let origin = Origin::parse("http://127.0.0.1:8080")?;
//! sessrum::sqlite::migrate(&path)?;
//! // Keep it: without it open forms break at a restart, and the audit trail cannot be checked.
//! let secret = SecretKey::generate(&OsRandom)?;
//! let sealer = EventSealer::new(&secret, &OsRandom)?;
//! let store = Arc::new(sessrum::sqlite::SqliteStore::open(&path, sealer)?);
//! let manager = Arc::new(UnifiedSessionManager::new(store, &secret));
//! let hasher = PasswordHasher::new(PasswordCost::default(), 1, Arc::new(OsRandom))?;
//! let accounts = Arc::new(Accounts::new(manager.clone(), hasher));
//!
//! let (session_api, _openapi) = web::api::router(web::api::ApiState { accounts }).split_for_parts();
//! let gate = CsrfGate::new(origin.clone(), &["/api/login"]);
//! let app: Router = Router::new()
//!     .route("/", get(hello))
//!     .merge(session_api)
//!     .layer(gate)
//!     .layer(DatabaseSessionLayer::new(manager, SessionCookieManager::new(&origin)))
//!     .layer(SecurityHeaders::new(&origin));
//!
//! # use axum::{body::Body, http::{Request, StatusCode}};
//! # use tower::ServiceExt as _;
//! // Nobody is signed in yet.
//! let answer = app.oneshot(Request::get("/").body(Body::empty())?).await?;
//! assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! ```
//!
//! # What a handler takes
//!
//! | argument | lets in |
//! | --- | --- |
//! | [`CurrentSession`](web::CurrentSession) | whoever is signed in |
//! | `Option<CurrentSession>` | anyone; `None` is nobody |
//! | [`ObservedSession`](web::ObservedSession) | whoever is signed in, without counting as activity |
//! | [`RequirePlatform`](web::RequirePlatform) | who acts in a platform |
//! | [`RequireRole`](web::RequireRole) | who has at least a role |
//! | [`RequireFreshLogin`](web::RequireFreshLogin) | who proved a short while ago who they are |
//! | `(RequireRole<Admin>, RequireFreshLogin)` | who passes both; the first that refuses says why |
//!
//! Code below a handler uses the [accessors](web::access). A database that cannot be asked is 503
//! in all of them, never "nobody".
//!
//! # What it does by itself
//!
//! - The row is loaded when someone asks for it, once a request. Static files open no database.
//! - What was read is [kept](UnifiedSessionManager::with_cache_bytes), 64 MiB of it, until something
//!   happens to its user: the next request sees what this process did, and within 300 ms what another
//!   did. Requests that change something read the row.
//! - Activity is marked in memory and written in batches: call
//!   [`flush_session_activity`](UnifiedSessionManager::flush_session_activity) every second and
//!   once before the process ends.
//! - What is over is dead at once. Its row is ended, and later removed, by
//!   [`cleanup_expired_sessions`](UnifiedSessionManager::cleanup_expired_sessions): call it every
//!   minute. It also shortens what old events tell of addresses and devices.
//! - What happens is recorded in the transaction of the change, and sealed: [`verify_trail`] finds
//!   what others changed there.
//! - Tokens are replaced in use; a stolen one gives itself away. See
//!   [`SessionPolicy`] for every time and limit.
//!
//! - Wrong passwords slow down whoever sends them, by account and by address; see
//!   [`throttle`] for the rules. It needs addresses: serve the router with
//!   `into_make_service_with_connect_info::<SocketAddr>()`.
//!
//! # Pages that follow the session
//!
//! [`session_sync`](web::session_sync) serves `session-sync.js`, a module for any page: all tabs of a
//! browser learn at once that the session is in another platform, ends soon, or is over, whoever did
//! it. The page's script names the [nonce](web::ScriptNonce) of its answer.
//!
//! # Behind a proxy
//!
//! Then every address is the proxy's, and one who guesses slows down everybody. Say which proxies
//! tell the truth, in a layer around that of the sessions:
//!
//! ```
//! use axum::Router;
//! use sessrum::web::{Origin, ProxyGate, TrustedProxies};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let origin = Origin::parse("https://sessions.example.org")?;
//! let proxies = ProxyGate::new(origin, TrustedProxies::parse(["127.0.0.1", "10.0.0.0/8"])?);
//! let app: Router = Router::new().layer(proxies);
//! # Ok(())
//! # }
//! ```
//!
//! # Your own users
//!
//! An application that has users and keeps them implements [`Directory`] and hands it to
//! [`UnifiedSessionManager::with_directory`]. Keys stay what they were: numbers, UUIDs, texts.
//! Call [`follow_directory`](UnifiedSessionManager::follow_directory) every few seconds with the
//! cursor that it answered last: it ends the sessions of users who were disabled or given another
//! password there.

pub use sessrum_core::*;

/// The stores on PostgreSQL.
#[cfg(feature = "postgres")]
pub use sessrum_postgres as postgres;
/// The stores on SQLite.
#[cfg(feature = "sqlite")]
pub use sessrum_sqlite as sqlite;
/// Sessions in axum.
#[cfg(feature = "axum")]
pub use sessrum_web as web;
