use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Serialize;
use sessrum_core::store::{Page, SessionFilter};
use sessrum_core::{Client, EndReason, PlatformId, SessionHandle, UserId, UserSession};

use super::names::Names;
use super::output::{Format, say, table};
use super::user::{find, operator};
use crate::instance::Instance;

/// Rows that are read at once.
const BATCH: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the sessions that have not ended
    List {
        /// Only this user's
        #[arg(long)]
        user: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Show a session, also one that has ended
    Show {
        /// The session's public name
        handle: String,
        #[command(flatten)]
        format: Format,
    },
    /// End a session
    Revoke {
        /// The session's public name
        handle: String,
    },
    /// End all sessions of a user
    RevokeUser {
        /// The user
        name: String,
    },
    /// End everyone's sessions
    RevokeAll,
}

#[derive(Serialize)]
struct Row {
    handle: String,
    user_id: UserId,
    /// Null when the user is gone.
    username: Option<String>,
    platform_id: Option<PlatformId>,
    device: String,
    ip_address: Option<String>,
    created_at: String,
    last_activity: String,
    expires_at: String,
    remembered: bool,
    revision: i64,
    ended_at: Option<String>,
    end_reason: Option<EndReason>,
}

impl Row {
    fn of(session: UserSession, names: &Names) -> Self {
        Self {
            handle: session.handle.to_string(),
            username: names.get(&session.user_id),
            user_id: session.user_id,
            platform_id: session.active_platform_id,
            device: Client::device_name(session.user_agent.as_deref()),
            ip_address: session.ip_address.map(|address| address.to_string()),
            created_at: session.created_at.to_string(),
            last_activity: session.last_activity.to_string(),
            expires_at: session.expires_at.to_string(),
            remembered: session.remembered,
            revision: session.revision,
            ended_at: session.ended.map(|ended| ended.at.to_string()),
            end_reason: session.ended.map(|ended| ended.reason),
        }
    }

    /// The user's name, or the key of who has none here.
    fn user(&self) -> String {
        self.username.clone().unwrap_or_else(|| self.user_id.to_string())
    }
}

pub(super) async fn run(command: Command, instance: &Instance) -> anyhow::Result<()> {
    let (manager, change) = (&instance.manager, operator(instance));
    match command {
        Command::List { user, format } => list(instance, user.as_deref(), format).await?,
        Command::Show { handle, format } => {
            let session = session(instance, &handle).await?;
            let names = Names::of([session.user_id.clone()].into_iter(), instance).await?;
            let row = Row::of(session, &names);
            format.print(&row, lines)?;
        }
        Command::Revoke { handle } => {
            let session = session(instance, &handle).await?;
            match manager.revoke_session(&session.handle, &change).await? {
                Some(_) => say(&format!("Ended the session {handle}.")),
                None => say(&format!("The session {handle} was over already.")),
            }
        }
        Command::RevokeUser { name } => {
            let user = find(instance, &name).await?.info.id;
            let ended = manager.revoke_user_sessions(&user, &change).await?.len();
            say(&format!("Ended {ended} session(s) of {name}."));
        }
        Command::RevokeAll => {
            let ended = manager.revoke_all_sessions(None, &change).await?;
            say(&format!("Ended {ended} session(s)."));
        }
    }
    Ok(())
}

async fn list(instance: &Instance, user: Option<&str>, format: Format) -> anyhow::Result<()> {
    let user_id = match user {
        Some(name) => Some(find(instance, name).await?.info.id),
        None => None,
    };
    let filter = SessionFilter { user_id, include_ended: false };
    let (mut sessions, mut before) = (Vec::new(), None);
    loop {
        let page = Page { before, limit: BATCH };
        let batch = instance.manager.store().list(&filter, page).await?;
        let more = batch.len() == BATCH;
        before = batch.last().map(|session| session.id.0);
        sessions.extend(batch);
        if !more {
            break;
        }
    }
    let users = sessions.iter().map(|session| session.user_id.clone());
    let names = Names::of(users, instance).await?;
    let rows: Vec<_> = sessions.into_iter().map(|session| Row::of(session, &names)).collect();
    format.print(&rows, |rows| {
        let cells = |row: &Row| {
            [&row.handle, &row.user(), &row.device, &row.last_activity, &row.expires_at]
                .map(String::to_owned)
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        table(["HANDLE", "USER", "DEVICE", "LAST ACTIVITY", "EXPIRES"], &rows)
    })?;
    Ok(())
}

async fn session(instance: &Instance, handle: &str) -> anyhow::Result<UserSession> {
    let Some(parsed) = SessionHandle::parse(handle) else {
        bail!("\"{handle}\" is no session's name: see `sessrum session list`");
    };
    let found = instance.manager.store().find_by_handle(&parsed).await?;
    found.with_context(|| format!("there is no session {handle}"))
}

fn lines(row: &Row) -> String {
    let none = || "none".to_owned();
    let ended = match (&row.ended_at, row.end_reason) {
        (Some(at), Some(reason)) => format!("{at}, {reason}"),
        _ => "no".to_owned(),
    };
    [
        ("handle", row.handle.clone()),
        ("user", row.user()),
        ("platform", row.platform_id.as_ref().map_or_else(none, ToString::to_string)),
        ("device", row.device.clone()),
        ("address", row.ip_address.clone().unwrap_or_else(none)),
        ("created", row.created_at.clone()),
        ("last activity", row.last_activity.clone()),
        ("expires", row.expires_at.clone()),
        ("remembered", if row.remembered { "yes" } else { "no" }.to_owned()),
        ("revision", row.revision.to_string()),
        ("ended", ended),
    ]
    .map(|(name, value)| format!("{name:<14}{value}\n"))
    .concat()
}
