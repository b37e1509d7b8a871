use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sessrum_conformance::new_session;
use sessrum_core::store::{
    AccountStore as _, AddUser, CreateOutcome, EventStore as _, NewSession, NewUser,
    SessionStore as _, StoreErrorKind,
};
use sessrum_core::{
    Change, Client, Clock as _, EndReason, EventSealer, OsRandom, Role, SecretKey, SessionError,
    SessionToken, SessionWatch, SystemClock, UnifiedSessionManager, UserId, UserSession,
    WatchLimits,
};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, Postgres, TcpProxy, until};
use tokio_postgres::NoTls;

/// As short as it can be where the machine is busy.
pub(crate) const LEASE: Duration = Duration::from_secs(1);

/// A database with a user, for several instances.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) user: UserId,
}

/// A signed-in browser.
pub(crate) struct Browser {
    token: SessionToken,
    pub(crate) session: UserSession,
}

/// One of the programs over the database.
pub(crate) struct Instance {
    pub(crate) store: Arc<PostgresStore>,
    manager: UnifiedSessionManager,
}

fn secret() -> SecretKey {
    SecretKey::from_bytes([1; 32])
}

pub(crate) fn sealer() -> EventSealer {
    EventSealer::new(&secret(), &OsRandom).unwrap()
}

pub(crate) fn now() -> Change {
    Change::by_system(SystemClock.now())
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::over(Postgres::shared().await).await
    }

    pub(crate) async fn over(postgres: &Postgres) -> Self {
        let migrate = async |url| {
            sessrum_postgres::migrate(&PostgresOptions::new(url)).await.unwrap();
        };
        let database = postgres.prepared_database("instances", migrate).await;
        let mut site = Self { database, user: 0.into() };
        let first = site.instance(|_| {}).await;
        let ada = NewUser {
            username: "ada".to_owned(),
            email: "ada@example.org".to_owned(),
            role: Role::Viewer,
            password_hash: None,
        };
        let AddUser::Added(user) = first.store.add_user(ada, &now()).await.unwrap() else {
            panic!("somebody is there");
        };
        site.user = user;
        first.store.close().await;
        site
    }

    /// Where the database is.
    pub(crate) fn options(&self) -> PostgresOptions {
        let mut options = PostgresOptions::new(self.database.url());
        options.lease = LEASE;
        options.pool_size = 4;
        options
    }

    /// An instance, which has entered the list.
    pub(crate) async fn instance(&self, set: impl FnOnce(&mut PostgresOptions)) -> Instance {
        let instance = self.opened(set).await;
        instance.until_it_hears().await;
        instance
    }

    /// An instance, whether it is on the list yet or not.
    pub(crate) async fn opened(&self, set: impl FnOnce(&mut PostgresOptions)) -> Instance {
        let mut options = self.options();
        set(&mut options);
        let store = Arc::new(PostgresStore::open(&options, sealer()).await.unwrap());
        let manager = UnifiedSessionManager::new(Arc::clone(&store) as _, &secret());
        Instance { store, manager }
    }

    /// An instance whose listener goes another way.
    pub(crate) async fn listening_through(&self, address: SocketAddr) -> Instance {
        let url = self.database.url_through(address);
        self.instance(|options| options.direct_url = Some(url)).await
    }

    /// An instance, and one whose listener goes through a proxy.
    pub(crate) async fn one_behind_a_proxy(&self) -> (TcpProxy, Instance, Instance) {
        let proxy = TcpProxy::start(self.database.address()).await;
        let there = self.listening_through(proxy.address()).await;
        (proxy, self.instance(|_| {}).await, there)
    }

    /// A number that the database itself tells.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        self.connect().await.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Waits until every instance but the one that did it has said that it heard of the last event.
    pub(crate) async fn until_others_have_heard(&self) {
        let deaf = "SELECT count(*) FROM instances, event_counter WHERE heard < last_id";
        until(async || self.count(deaf).await <= 1).await;
    }

    pub(crate) async fn execute(&self, commands: &str) {
        self.connect().await.batch_execute(commands).await.unwrap();
    }

    /// A connection around the instances.
    pub(crate) async fn connect(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn listed(&self) -> i64 {
        self.count("SELECT count(*) FROM instances").await
    }
}

impl Instance {
    pub(crate) async fn sign_in(&self, user: &UserId) -> Browser {
        let token = SessionToken::generate(&OsRandom).unwrap();
        let at = now().at;
        let new = NewSession {
            token: token.hash(),
            cap: 100,
            expires_at: at + Duration::from_hours(1),
            ..new_session(user.clone(), &OsRandom)
        };
        match self.store.create(new, &Change::by_system(at)).await.unwrap() {
            CreateOutcome::Created { session, .. } => Browser { token, session: *session },
            other => panic!("{other:?}"),
        }
    }

    /// Whether a request is let in.
    pub(crate) async fn lets_in(&self, browser: &Browser) -> bool {
        match self.manager.get_session_context(&browser.token, &Client::default()).await {
            Ok(_) => true,
            Err(SessionError::Invalid(_)) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// Has the session in its cache, unless something happens to its user.
    pub(crate) async fn remembers(&self, browser: &Browser) {
        assert!(self.lets_in(browser).await);
    }

    pub(crate) async fn end(&self, browser: &Browser) {
        assert!(self.try_to_end(browser).await.unwrap());
    }

    /// Whether there was something to end.
    pub(crate) async fn try_to_end(&self, browser: &Browser) -> Result<bool, StoreErrorKind> {
        let ended = self.store.end(browser.session.id, EndReason::Logout, &now()).await;
        ended.map(|ended| ended.is_some()).map_err(|error| error.kind())
    }

    pub(crate) fn watch(&self, browser: &Browser) -> SessionWatch {
        let UserSession { user_id, handle, .. } = &browser.session;
        self.store.feed().watchers().watch(user_id, handle, WatchLimits::default()).unwrap()
    }

    /// Whether what was just read may be used again.
    pub(crate) fn hears(&self) -> bool {
        self.store.feed().hears()
    }

    pub(crate) async fn until_it_hears(&self) {
        until(async || self.hears()).await;
    }
}

/// How long something takes.
pub(crate) async fn time(something: impl Future<Output = ()>) -> Duration {
    let begun_at = SystemClock.uptime();
    something.await;
    SystemClock.uptime().saturating_sub(begun_at)
}
