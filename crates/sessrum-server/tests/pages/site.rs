//! A whole site over a store in memory, with a clock and a directory that tests control.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sessrum_conformance::ProxyStore;
use sessrum_core::store::{AddPlatform, NewPlatform, PlatformConnection, Store};
use sessrum_core::{
    Accounts, Change, ManualClock, MemoryStore, PasswordCost, PasswordHasher, PlatformId, Role,
    SecretKey, SeededRandom, Timestamp, UnifiedSessionManager, UserAdded, UserId,
};
use sessrum_server::app::app;
use sessrum_server::jobs::JobHealth;
use sessrum_web::{Origin, TrustedProxies};

use crate::browser::Browser;

pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Site {
    pub(crate) router: Router,
    pub(crate) manager: Arc<UnifiedSessionManager>,
    clock: Arc<ManualClock>,
    proxy: Arc<ProxyStore>,
    accounts: Arc<Accounts>,
}

impl Site {
    /// A site where `ada` has two platforms and `new` has none.
    pub(crate) async fn new() -> Self {
        let site = Self::empty();
        let ada = site.add_user("ada", Role::Reviewer).await;
        site.add_platform(&ada, "Landscapes", "ada").await;
        site.add_platform(&ada, "Portraits", "ada.portraits").await;
        site.add_user("new", Role::Viewer).await;
        site
    }

    pub(crate) fn empty() -> Self {
        let random = Arc::new(SeededRandom::new(7));
        let proxy = ProxyStore::of(Arc::new(MemoryStore::new()));
        // 2026-11-23T21:00:00Z.
        let clock =
            Arc::new(ManualClock::starting_at(Timestamp::from_micros(1_795_467_600_000_000)));
        let manager = UnifiedSessionManager::new(proxy.clone(), &SecretKey::from_bytes([9; 32]))
            .with_clock(clock.clone())
            .with_random(random.clone());
        let manager = Arc::new(manager);
        let cheap = PasswordCost { memory_kib: 64, passes: 1 };
        let hasher = PasswordHasher::new(cheap, 2, random).unwrap();
        let accounts = Arc::new(Accounts::new(manager.clone(), hasher));
        let health = Arc::new(JobHealth::starting(manager.now(), &[]));
        let origin = Origin::parse(ORIGIN).unwrap();
        let router = app(accounts.clone(), health, &origin, TrustedProxies::default());
        Self { router, manager, clock, proxy, accounts }
    }

    pub(crate) async fn add_user(&self, name: &str, role: Role) -> UserId {
        let local: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let (email, change) = (format!("{local}@example.org"), self.by_system());
        match self.accounts.add_user(name.to_owned(), email, role, PASSWORD, &change).await.unwrap()
        {
            UserAdded::Added(id) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn add_platform(
        &self,
        user: &UserId,
        name: &str,
        account: &str,
    ) -> PlatformId {
        let new = NewPlatform {
            name: name.to_owned(),
            platform_type: "pixelfed".to_owned(),
            instance_url: "https://pixelfed.example".to_owned(),
            username: account.to_owned(),
            credentials: None,
            is_default: false,
        };
        match self.store().add_platform(user, new, &self.by_system()).await.unwrap() {
            AddPlatform::Added(platform) => platform.id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn platforms_of(&self, username: &str) -> Vec<PlatformConnection> {
        let user = self.store().user_by_name(username).await.unwrap().unwrap();
        self.store().platform_connections(&user.info.id).await.unwrap()
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.manager.store()
    }

    pub(crate) fn advance(&self, minutes: u64) {
        self.advance_seconds(minutes * 60);
    }

    pub(crate) fn advance_seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// From now on the database cannot be reached, or can again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.proxy.fail_when(move |_| is_down);
    }

    pub(crate) fn by_system(&self) -> Change {
        Change::by_system(self.manager.now())
    }

    /// A browser that has not been here before.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser that is signed in.
    pub(crate) async fn signed_in(&self, username: &str) -> Browser {
        let mut browser = self.browser();
        let form = browser.get("/login").await;
        let fields = [("username", username), ("password", PASSWORD)];
        let answer = browser.submit(&form, "/login", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }
}
