//! What a manager has kept, while others use the same file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use sessrum_core::store::{
    AccountStore as _, AddPlatform, AddUser, NewEvent, NewPlatform, NewUser, SessionStore as _,
    StoreErrorKind,
};
use sessrum_core::{
    Client, EndReason, Ended, EventKind, ManualClock, Role, SecretKey, SessionContext,
    SessionEndedError, SessionError, SessionToken, SessionValidationError, SignIn, SignInOutcome,
    UnifiedSessionManager, UserId, UserInfo, WatchLimits,
};
use sessrum_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::task::yield_now;

use crate::support::{at, by_system, sealer};

/// A server's manager, in whose cache is the session of ada. Its clocks stand still.
struct Server {
    manager: UnifiedSessionManager,
    ada: UserInfo,
    token: SessionToken,
    session: SessionContext,
    path: PathBuf,
    _directory: TempDir,
}

impl Server {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sessions.db");
        sessrum_sqlite::migrate(&path).unwrap();
        let clock = Arc::new(ManualClock::starting_at(at(1)));
        let store = Arc::new(
            SqliteStore::open_with_clock(&path, sealer(), Arc::clone(&clock) as _).unwrap(),
        );
        let ada = user(&store, "ada").await;
        let manager = UnifiedSessionManager::new(store, &SecretKey::from_bytes([1; 32]))
            .with_clock(Arc::clone(&clock) as _);
        let wish = SignIn {
            user: ada.clone(),
            password_changed_at: None,
            platform_id: None,
            remember: false,
            replaces: None,
        };
        let outcome = manager.create_session(wish, &Client::default()).await.unwrap();
        let SignInOutcome::SignedIn(signed_in) = outcome else { panic!("{outcome:?}") };
        let (token, session) = (signed_in.token, signed_in.context);
        let server = Self { manager, ada, token, session, path, _directory: directory };
        server.context().await.unwrap();
        server
    }

    async fn context(&self) -> Result<SessionContext, SessionError> {
        self.manager.get_session_context(&self.token, &Client::default()).await
    }

    /// Whether what was read of a user now will do for as long as nothing happens.
    fn may_keep(&self) -> bool {
        self.manager.store().feed().hears()
    }

    /// Does something to the file, and waits until the server has heard that somebody did.
    async fn hears<Output>(&self, change: impl AsyncFnOnce(&Path) -> Output) -> Output {
        let feed = self.manager.store().feed();
        let (nobody, before) = (UserId::from("nobody"), feed.generation());
        let output = change(&self.path).await;
        while feed.holds(&nobody, before) {
            yield_now().await;
        }
        output
    }

    /// As somebody does with the `sqlite3` program.
    async fn hears_of_sql(&self, sql: &str) {
        self.hears(async |path| {
            assert_eq!(Connection::open(path).unwrap().execute(sql, []).unwrap(), 1);
        })
        .await;
    }
}

async fn user(store: &SqliteStore, name: &str) -> UserInfo {
    let (username, email) = (name.to_owned(), format!("{name}@example.org"));
    let role = Role::Viewer;
    let new =
        NewUser { username: username.clone(), email: email.clone(), role, password_hash: None };
    let added = store.add_user(new, &by_system(0)).await.unwrap();
    let AddUser::Added(id) = added else { panic!("{added:?}") };
    let platform = NewPlatform {
        name: "art".to_owned(),
        platform_type: "pixelfed".to_owned(),
        instance_url: "https://art.example".to_owned(),
        username: username.clone(),
        credentials: None,
        is_default: true,
    };
    let added = store.add_platform(&id, platform, &by_system(0)).await.unwrap();
    assert!(matches!(added, AddPlatform::Added(_)), "{added:?}");
    UserInfo { id, username, email, role }
}

fn refusal(answer: Result<SessionContext, SessionError>) -> SessionValidationError {
    match answer {
        Err(SessionError::Invalid(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// Security: 7.4.1
#[tokio::test]
async fn what_another_process_ends_is_over() {
    let server = Server::start().await;
    let session = server.session.session.id;
    server
        .hears(async |path| {
            let other = SqliteStore::open(path, sealer()).unwrap();
            other.end(session, EndReason::RevokedByAdmin, &by_system(2)).await.unwrap().unwrap();
        })
        .await;
    let told = SessionEndedError(Ended { at: at(2), reason: EndReason::RevokedByAdmin });
    assert_eq!(refusal(server.context().await), told.into());
}

/// Security: 7.4.2, 8.3.2
#[tokio::test]
async fn what_is_changed_by_hand_is_seen_and_open_pages_look_again() {
    let server = Server::start().await;
    let watchers = server.manager.store().feed().watchers();
    let (user, handle) = (&server.ada.id, &server.session.session.handle);
    let mut watch = watchers.watch(user, handle, WatchLimits::default()).unwrap();
    server.hears_of_sql("UPDATE users SET role = 'admin'").await;
    assert!(watch.changed().await);
    assert_eq!(server.context().await.unwrap().user.role, Role::Admin);
    server.hears_of_sql("UPDATE platform_connections SET name = 'photos'").await;
    assert_eq!(server.context().await.unwrap().platform.unwrap().name, "photos");
    server.hears_of_sql("UPDATE user_sessions SET expires_at = 0").await;
    assert!(matches!(refusal(server.context().await), SessionValidationError::Expired(_)));
    server.hears_of_sql("UPDATE user_sessions SET expires_at = 999999999").await;
    server.context().await.unwrap();
    server.hears_of_sql("UPDATE users SET is_active = 0").await;
    assert!(matches!(refusal(server.context().await), SessionValidationError::Ended(_)));
}

/// Enough to make SQLite fold the journal into the file and begin it anew.
#[tokio::test]
async fn own_changes_of_others_leave_what_was_kept() {
    let server = Server::start().await;
    let feed = server.manager.store().feed();
    let before = feed.generation();
    let bob = UserId::from("bob");
    for _ in 0..8 {
        let event = NewEvent {
            kind: EventKind::SignInFailed,
            user_id: Some(bob.clone()),
            session: None,
            detail: "x".repeat(1 << 20),
        };
        server.manager.store().record(event, &by_system(2)).await.unwrap();
    }
    assert!(feed.holds(&server.ada.id, before));
    assert!(!feed.holds(&bob, before));
}

/// Security: 16.5.3, abuse 27
#[tokio::test]
async fn a_file_that_was_moved_is_noticed_by_whoever_is_signed_in() {
    let server = Server::start().await;
    let elsewhere = server.path.with_extension("moved");
    std::fs::rename(&server.path, &elsewhere).unwrap();
    while server.may_keep() {
        yield_now().await;
    }
    let error = server.context().await.unwrap_err();
    let SessionError::Store(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    std::fs::rename(&elsewhere, &server.path).unwrap();
    server.context().await.unwrap();
    while !server.may_keep() {
        yield_now().await;
    }
}
