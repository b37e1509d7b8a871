use std::sync::Arc;
use std::time::Duration;

use sessrum_core::{ChangeFeed, Random};
use tokio::time::timeout;

use super::{Instance, Listener, Others};
use crate::connection::Connections;
use crate::error::{Error, Result};
use crate::rows;
use crate::server::Server;
use crate::sql::{Params, instances as sql};

/// Events that are read at once.
const PAGE: i64 = 500;

/// An instance is struck off the list after so many leases without a renewal.
const SILENT_LEASES: u32 = 10;

pub(super) struct Hearing {
    pub(super) feed: Arc<ChangeFeed>,
    pub(super) instance: Arc<Instance>,
    /// By which others are looked for, where that is another way than this one.
    pub(super) other_way: Option<Connections>,
    pub(super) random: Arc<dyn Random>,
    /// Between two looks at what happened.
    pub(super) look_every: Duration,
    /// Between two renewals, unless something happens.
    pub(super) renew_every: Duration,
    /// For an answer: later it is worth nothing.
    pub(super) patience: Duration,
    pub(super) channel: Option<&'static str>,
}

/// The place on the list of instances.
struct Place {
    id: i64,
    renewals: i64,
    renewed_at: Duration,
}

impl Hearing {
    /// Hears on a connection until something goes wrong. `deaf` is why it did not before.
    pub(super) async fn hear(&self, server: &Server, deaf: &mut Option<String>) -> Result<()> {
        let instance = Arc::clone(&self.instance);
        let listener = Listener::connect(server, self.channel, instance, self.patience).await?;
        let mut place = self.enter(&listener).await?;
        let (mut others, mut seen_at) = (Others::default(), Duration::ZERO);
        let mut has_told = false;
        loop {
            has_told |= self.tell_news(&listener).await?;
            if has_told || self.until_renewal(&place).is_zero() {
                // Somebody may wait for what it says.
                has_told = self.renew(&listener, &mut place).await?;
                if deaf.take().is_some() {
                    tracing::info!("hears of other instances again");
                }
            }
            if seen_at.saturating_add(self.feed.lease()) <= self.feed.uptime() {
                self.strike_off_silent(&listener, &mut others).await?;
                seen_at = self.feed.uptime();
            }
            if !has_told {
                // Whichever comes first.
                let rest = self.look_every.min(self.until_renewal(&place));
                let _ = timeout(rest, self.instance.is_to_look()).await;
            }
        }
    }

    /// Puts this instance on the list. What was read before counts no more: nobody has waited until
    /// it was told of changes, and an older copy of the database may be in its place.
    async fn enter(&self, listener: &Listener) -> Result<Place> {
        // Others take it from now on for one that has heard, and the answer may be lost.
        self.feed.end_lease();
        let mut id = [0; 8];
        self.random.fill(&mut id).map_err(|error| Error::Defect(error.to_string()))?;
        let id = i64::from_le_bytes(id);
        let renewed_at = self.feed.uptime();
        let lease = i64::try_from(self.feed.lease().as_micros()).unwrap_or(i64::MAX);
        let params: Params<'_> = &[&id, &lease, &self.instance.id()];
        let heard = listener.run(sql::ENTER, params).await?.value()?;
        self.instance.enters(id, heard);
        self.feed.tell_everyone();
        if let Some(way) = &self.other_way {
            let connection = way.get().await?;
            let is_listed = connection.run(sql::IS_LISTED, &[&id]).await;
            connection.close();
            // Where another list is looked at nobody waits for it, and it hears of nothing.
            if !is_listed?.value::<bool>()? {
                let why = "what it wrote by `direct_url` is not there by the other way: do both \
                           lead to one database?";
                return Err(Error::Lost(why.to_owned()));
            }
        }
        self.feed.heard(renewed_at);
        Ok(Place { id, renewals: 0, renewed_at })
    }

    /// Tells what was committed after the last event that was told. Whether there was anything.
    async fn tell_news(&self, listener: &Listener) -> Result<bool> {
        let mut has_told = false;
        loop {
            let told = self.instance.told();
            let page = listener.run(sql::LIST_NEWS, &[&told, &PAGE]).await?;
            let (ids, news): (Vec<i64>, Vec<_>) =
                page.all::<_, Vec<_>>(rows::news)?.into_iter().unzip();
            let Some(last) = ids.last() else { return Ok(has_told) };
            if news.iter().any(Option::is_none) {
                // What a newer program has written may not be understood; that it happened is.
                self.feed.tell_everyone();
            }
            self.feed.tell(&news.into_iter().flatten().collect::<Vec<_>>());
            self.instance.has_told(*last);
            has_told = true;
        }
    }

    /// Says what was heard, and begins the lease anew. Whether there was more to tell meanwhile.
    async fn renew(&self, listener: &Listener, place: &mut Place) -> Result<bool> {
        let asked_at = self.feed.uptime();
        let told = self.instance.told();
        let renewed = listener.run(sql::RENEW, &[&place.id, &told, &place.renewals]).await?;
        let last: Option<i64> = renewed.first(|row| rows::plain(row, 0))?;
        // It was struck off; or the database has counted fewer renewals, or events, and so is an older
        // copy of that which it has heard.
        let gone = || Error::Lost("the place on the list of instances is gone".to_owned());
        let last = last.filter(|last| told <= *last).ok_or_else(gone)?;
        place.renewals += 1;
        place.renewed_at = asked_at;
        let has_told = told < last && self.tell_news(listener).await?;
        self.instance.has_told(last);
        self.feed.heard(asked_at);
        Ok(has_told)
    }

    fn until_renewal(&self, place: &Place) -> Duration {
        place.renewed_at.saturating_add(self.renew_every).saturating_sub(self.feed.uptime())
    }

    /// So that nobody waits for them.
    async fn strike_off_silent(&self, listener: &Listener, others: &mut Others) -> Result<()> {
        let rows = listener.run(sql::OTHERS, &[&self.instance.id()]).await?;
        let now = self.feed.uptime();
        others.see(rows, now)?;
        let (ids, renewals) = others.silent_for(SILENT_LEASES, now);
        if !ids.is_empty() {
            listener.run(sql::STRIKE_OFF, &[&ids, &renewals]).await?;
        }
        Ok(())
    }
}
