use std::io::IsTerminal as _;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use sessrum_core::store::{User, UserChange, UserOutcome};
use sessrum_core::{
    Actor, Change, Client, ForgetOutcome, Key, PasswordSet, Role, UserAdded, UserId,
};
use zeroize::Zeroizing;

use super::output::{Format, say, table};
use crate::instance::Instance;

/// What is so when the database could not be compacted.
const TRACES: &str = "the database may still hold traces of who was forgotten: run `sessrum \
                      cleanup --compact`";

/// Users that are read at once for a list.
const BATCH: usize = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a user
    Add {
        /// The name that signs in
        name: String,
        /// The address
        #[arg(long)]
        email: String,
        /// viewer, reviewer, moderator or admin
        #[arg(long, default_value = "viewer")]
        role: Role,
        #[command(flatten)]
        password: PasswordInput,
    },
    /// List the users
    List(Format),
    /// Disable a user and end their sessions
    Disable {
        /// The user
        name: String,
        #[command(flatten)]
        last_admin: LastAdmin,
    },
    /// Enable a user
    Enable {
        /// The user
        name: String,
    },
    /// Remove a user and all that is personal, also from the audit trail
    ///
    /// SQLite's file is written anew. On PostgreSQL what is removed can no longer be read by SQL; its
    /// bytes in the files are overwritten in time, or by `VACUUM FULL`.
    Forget {
        /// The user
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        last_admin: LastAdmin,
    },
    /// Give a user a role
    SetRole {
        /// The user
        name: String,
        /// viewer, reviewer, moderator or admin
        role: Role,
        #[command(flatten)]
        last_admin: LastAdmin,
    },
    /// Give a user a password and end their sessions
    SetPassword {
        /// The user
        name: String,
        #[command(flatten)]
        password: PasswordInput,
    },
}

#[derive(Debug, Args)]
pub(super) struct PasswordInput {
    /// Read the password from standard input: its first line
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct LastAdmin {
    /// Do it even if no active administrator is left
    #[arg(long)]
    even_last_admin: bool,
}

#[derive(Serialize)]
struct Row {
    id: UserId,
    username: String,
    email: String,
    role: Role,
    is_active: bool,
    created_at: String,
}

impl From<User> for Row {
    fn from(user: User) -> Self {
        Self {
            id: user.info.id,
            username: user.info.username,
            email: user.info.email,
            role: user.info.role,
            is_active: user.is_active,
            created_at: user.created_at.to_string(),
        }
    }
}

pub(super) async fn run(command: Command, instance: &Instance) -> anyhow::Result<()> {
    let change = operator(instance);
    match command {
        Command::Add { name, email, role, password: _ } => {
            let password = line_from_stdin()?;
            let added = instance.accounts.add_user(name.clone(), email, role, &password, &change);
            match added.await? {
                UserAdded::Added(id) => say(&format!("Added {name} with the id {id}.")),
                UserAdded::UsernameTaken => bail!("there is a user {name} already"),
                UserAdded::EmailTaken => bail!("another user has this address"),
                UserAdded::UserUnfit(rule) => bail!(rule),
                UserAdded::PasswordUnfit(rule) => bail!(rule),
            }
        }
        Command::List(format) => list(instance, format).await?,
        Command::Disable { name, last_admin } => {
            let what = UserChange {
                is_active: Some(false),
                spares_last_admin: !last_admin.even_last_admin,
                ..UserChange::default()
            };
            let ended = change_user(instance, &name, what, &change).await?;
            say(&format!("Disabled {name}; {ended} session(s) ended."));
        }
        Command::Enable { name } => {
            let what = UserChange { is_active: Some(true), ..UserChange::default() };
            change_user(instance, &name, what, &change).await?;
            say(&format!("Enabled {name}."));
        }
        Command::Forget { name, yes, last_admin } => {
            forget(instance, &name, yes, last_admin, &change).await?;
        }
        Command::SetRole { name, role, last_admin } => {
            let what = UserChange {
                role: Some(role),
                spares_last_admin: !last_admin.even_last_admin,
                ..UserChange::default()
            };
            change_user(instance, &name, what, &change).await?;
            say(&format!("{name} has the role {role} now."));
        }
        Command::SetPassword { name, password: _ } => {
            let user = find(instance, &name).await?;
            let password = line_from_stdin()?;
            match instance.accounts.set_password(&user.info.id, &password, &change).await? {
                PasswordSet::Changed(ended) => {
                    let ended = ended.len();
                    say(&format!("Changed the password of {name}; {ended} session(s) ended."));
                }
                PasswordSet::Unfit(rule) => bail!(rule),
                PasswordSet::UserUnknown => bail!(no_user(&name)),
            }
        }
    }
    Ok(())
}

/// Changes the user of this name; how many sessions ended.
async fn change_user(
    instance: &Instance,
    name: &str,
    what: UserChange,
    change: &Change,
) -> anyhow::Result<usize> {
    let user = find(instance, name).await?;
    match instance.manager.store().change_user(&user.info.id, what, change).await? {
        UserOutcome::Changed { ended, .. } => Ok(ended.len()),
        UserOutcome::NotFound => bail!(no_user(name)),
        UserOutcome::LastAdmin => bail!(is_last_admin(name)),
    }
}

async fn forget(
    instance: &Instance,
    name: &str,
    yes: bool,
    last_admin: LastAdmin,
    change: &Change,
) -> anyhow::Result<()> {
    let unknown =
        || format!("{}: whoever was forgotten before has no name here any more", no_user(name));
    let store = instance.manager.store();
    if store.user_by_name(name).await?.is_none() {
        if store.is_compaction_due().await? {
            store.compact().await.context(TRACES)?;
            say("Removed what the database still held of a user who was forgotten before.");
        }
        bail!(unknown());
    }
    if !yes {
        confirm(name)?;
    }
    let spares_last_admin = !last_admin.even_last_admin;
    let (id, ended) = match instance.manager.forget_user(name, spares_last_admin, change).await? {
        ForgetOutcome::Forgotten { id, ended } => (id, ended.len()),
        ForgetOutcome::NotFound => bail!(unknown()),
        ForgetOutcome::LastAdmin => bail!(is_last_admin(name)),
    };
    store.compact().await.with_context(|| format!("{name} is forgotten, but {TRACES}"))?;
    say(&format!(
        "Forgot {name}, who had the id {id}; {ended} session(s) ended. Backups still know them."
    ));
    Ok(())
}

/// Has a person type the name of who is to be forgotten.
fn confirm(name: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("forgetting cannot be undone: say --yes if it is meant");
    }
    say(&format!("Forgetting {name} cannot be undone. Type the name to go on:"));
    if line_from_stdin()?.trim() != name {
        bail!("that is another name: nobody was forgotten");
    }
    Ok(())
}

async fn list(instance: &Instance, format: Format) -> anyhow::Result<()> {
    let mut rows: Vec<Row> = Vec::new();
    let mut after = None;
    loop {
        let batch = instance.manager.store().users(after, BATCH).await?;
        let more = batch.len() == BATCH;
        rows.extend(batch.into_iter().map(Row::from));
        // The bundled tables count their users.
        after = match rows.last() {
            Some(Row { id: UserId(Key::Integer(last)), .. }) if more => Some(*last),
            _ => break,
        };
    }
    format.print(&rows, |rows| {
        let cells = |row: &Row| {
            let id = row.id.to_string();
            let state = if row.is_active { "active" } else { "disabled" };
            let row = [&id, &row.username, &row.email, row.role.as_str(), state];
            row.map(str::to_owned)
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        table(["ID", "NAME", "EMAIL", "ROLE", "STATE"], &rows)
    })?;
    Ok(())
}

/// The user of this name.
pub(super) async fn find(instance: &Instance, name: &str) -> anyhow::Result<User> {
    let found = instance.manager.store().user_by_name(name).await?;
    found.with_context(|| no_user(name))
}

fn is_last_admin(name: &str) -> String {
    format!(
        "{name} is the last active administrator: give someone else the role admin first, or say \
         --even-last-admin if nobody is to be one"
    )
}

fn no_user(name: &str) -> String {
    format!("there is no user {name}")
}

/// The operator does something now.
pub(super) fn operator(instance: &Instance) -> Change {
    instance.manager.change(Actor::Operator, &Client::default())
}

/// The first line of standard input: a password or a token.
pub(super) fn line_from_stdin() -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line).context("standard input cannot be read")?;
    let end = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(end);
    Ok(line)
}
