//! Two instances over one store, of which one has kept what it read.

use std::sync::Arc;

use sessrum_core::{PlatformInfo, SessionToken, UserInfo};

use super::ManagerFixture;
use super::fixture::home;
use crate::proxy::ProxyStore;

/// What is asked of a store when all is cached.
pub(super) const NOTHING: [&str; 0] = [];

/// Instances over one store.
pub(super) struct Instances {
    /// Which changes things.
    pub(super) one: ManagerFixture,
    /// Which has kept what it read.
    pub(super) other: ManagerFixture,
    /// What that one asks of the store.
    pub(super) proxy: Arc<ProxyStore>,
    /// Which keeps nothing.
    pub(super) truth: ManagerFixture,
}

impl Instances {
    pub(super) fn over(app: &ManagerFixture) -> Self {
        let proxy = ProxyStore::of(app.store.shared());
        let truth =
            app.with(|manager| manager.with_policy(app.policy().clone()).with_cache_bytes(0));
        let other = app.over(proxy.clone(), |manager| manager.with_policy(app.policy().clone()));
        Self { one: app.clone(), other, proxy, truth }
    }

    /// Lets the instances read a session and keep what they read.
    pub(super) async fn keep(&self, token: &SessionToken) {
        self.one.context(token).await;
        self.other.context(token).await;
        self.proxy.asked();
        assert_eq!(seen(&self.other, token).await, seen(&self.truth, token).await);
        assert_eq!(self.proxy.asked(), NOTHING, "it was not kept");
    }

    /// The instances that keep what they read see what the database has.
    pub(super) async fn agree(&self, token: &SessionToken) {
        let truth = seen(&self.truth, token).await;
        assert_eq!(seen(&self.one, token).await, truth);
        assert_eq!(seen(&self.other, token).await, truth);
    }
}

/// All that a request learns.
pub(super) async fn seen(app: &ManagerFixture, token: &SessionToken) -> String {
    format!("{:?}", app.get_session_context(token, &home()).await)
}

/// A user in one of two platforms.
pub(super) async fn member(
    app: &ManagerFixture,
    name: &str,
) -> (UserInfo, PlatformInfo, PlatformInfo) {
    let user = app.user(name).await;
    let art = app.store.platform(&user.id, "art").await;
    let work = app.store.platform(&user.id, "work").await;
    (user, art, work)
}
