use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use sessrum_core::store::{EventFilter, Page};
use sessrum_core::{EventKind, SessionEvent, UserId};

use super::names::Names;
use super::output::{Format, say, table};
use super::user::find;
use crate::config::Period;
use crate::instance::Instance;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only events that concern this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only events of the last time, as in 30m, 1h or 7d
    #[arg(long, value_name = "TIME", value_parser = period)]
    since: Option<Period>,
    /// Only events of this kind: one that the list shows
    #[arg(long)]
    kind: Option<EventKind>,
    /// At most so many, the newest
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    event: SessionEvent,
    /// Null when the event concerns nobody known, or the user was forgotten.
    username: Option<String>,
    /// Null when no user did it, or they were forgotten.
    actor_username: Option<String>,
}

fn period(text: &str) -> Result<Period, &'static str> {
    Period::parse(text).ok_or("must be a time such as 30m or 14d")
}

/// Lists the audit trail, newest first.
pub(super) async fn run(options: Options, instance: &Instance) -> anyhow::Result<()> {
    let Options { user, since, kind, limit, format } = options;
    let user_id = match user {
        Some(name) => Some(find(instance, &name).await?.info.id),
        None => None,
    };
    let since = since.map(|since| instance.manager.now() - since.0);
    let filter = EventFilter { user_id, since, kind, without_routine: false };
    let page = Page { before: None, limit: limit.saturating_add(1) };
    let events = instance.manager.store().events(&filter, page).await;
    let mut events = events.context("the audit trail cannot be read: see `sessrum doctor`")?;
    let more = events.len() > limit;
    events.truncate(limit);
    let concerned = events.iter().filter_map(|event| event.user_id.clone());
    let names = Names::of(concerned.chain(events.iter().filter_map(actor)), instance).await?;
    let row = |event: SessionEvent| Row {
        username: event.user_id.as_ref().and_then(|user| names.get(user)),
        actor_username: actor(&event).and_then(|user| names.get(&user)),
        event,
    };
    let rows: Vec<_> = events.into_iter().map(row).collect();
    format.print(&rows, |rows| {
        let rows: Vec<_> = rows.iter().map(cells).collect();
        table(["TIME", "KIND", "USER", "BY", "ADDRESS", "DEVICE", "DETAIL"], &rows)
    })?;
    if more {
        say("There are older events: ask for them with --limit.");
    }
    Ok(())
}

/// The user who did it; the bundled tables number theirs.
fn actor(event: &SessionEvent) -> Option<UserId> {
    event.actor.strip_prefix("user ")?.parse::<i64>().ok().map(UserId::from)
}

fn cells(row: &Row) -> [String; 7] {
    let event = &row.event;
    let number = || event.user_id.as_ref().map(ToString::to_string);
    [
        event.at.to_string(),
        event.kind.to_string(),
        row.username.clone().or_else(number).unwrap_or_default(),
        row.actor_username.as_ref().map_or(event.actor.clone(), |name| format!("user {name}")),
        event.ip_address.clone().unwrap_or_default(),
        event.device.clone().unwrap_or_default(),
        event.detail.clone(),
    ]
}
