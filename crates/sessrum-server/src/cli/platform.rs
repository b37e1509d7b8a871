use anyhow::bail;
use clap::Subcommand;
use serde::Serialize;
use sessrum_core::store::{AddPlatform, MOST_PLATFORMS, PlatformConnection};
use sessrum_core::{PlatformId, ResealReport, UnifiedSessionManager};
use sessrum_web::api::PlatformInput;

use super::output::{Format, progress, say, table};
use super::user::{find, line_from_stdin, operator};
use crate::instance::Instance;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Connect a platform to a user
    Add {
        /// The user
        user: String,
        /// The user's own name for it
        #[arg(long)]
        name: String,
        /// Its kind, such as pixelfed or mastodon
        #[arg(long = "type", value_name = "TYPE")]
        platform_type: String,
        /// Where it is
        #[arg(long, value_name = "URL")]
        instance_url: String,
        /// The user's name there
        #[arg(long)]
        username: String,
        /// Read what signs in there from standard input: its first line
        #[arg(long)]
        access_token_stdin: bool,
        /// Make it the default
        #[arg(long)]
        default: bool,
    },
    /// List a user's platforms
    List {
        /// The user
        user: String,
        #[command(flatten)]
        format: Format,
    },
    /// Seal everyone's credentials under the secret in force
    Reseal(Format),
    /// Remove a user's platform
    Remove {
        /// The user
        user: String,
        /// The platform's id
        id: i64,
    },
}

#[derive(Serialize)]
struct Row {
    id: PlatformId,
    name: String,
    platform_type: String,
    instance_url: String,
    username: String,
    is_default: bool,
    is_active: bool,
}

impl From<PlatformConnection> for Row {
    fn from(row: PlatformConnection) -> Self {
        Self {
            id: row.info.id,
            name: row.info.name,
            platform_type: row.info.platform_type,
            instance_url: row.info.instance_url,
            username: row.info.username,
            is_default: row.info.is_default,
            is_active: row.is_active,
        }
    }
}

pub(super) async fn run(command: Command, instance: &Instance) -> anyhow::Result<()> {
    let (manager, change) = (&instance.manager, operator(instance));
    match command {
        Command::Add {
            user,
            name,
            platform_type,
            instance_url,
            username,
            access_token_stdin,
            default,
        } => {
            let user = find(instance, &user).await?.info.id;
            let access_token = access_token_stdin.then(line_from_stdin).transpose()?;
            let input = PlatformInput {
                name,
                platform_type,
                instance_url,
                username,
                access_token,
                is_default: default,
            };
            let new = input.check(&user, manager)?;
            match manager.store().add_platform(&user, new, &change).await? {
                AddPlatform::Added(platform) => {
                    say(&format!("Connected {} with the id {}.", platform.name, platform.id));
                }
                AddPlatform::NameTaken => bail!("the user has a platform of this name already"),
                AddPlatform::AccountTaken => bail!("the user has this account already"),
                AddPlatform::TooMany => bail!("the user has {MOST_PLATFORMS} platforms already"),
                AddPlatform::UserUnknown => bail!("the user was removed"),
            }
        }
        Command::List { user, format } => {
            let user = find(instance, &user).await?.info.id;
            let found = manager.store().platform_connections(&user).await?;
            let rows: Vec<_> = found.into_iter().map(Row::from).collect();
            format.print(&rows, |rows| {
                let rows: Vec<_> = rows.iter().map(cells).collect();
                table(["ID", "NAME", "TYPE", "INSTANCE", "USERNAME", "STATE"], &rows)
            })?;
        }
        Command::Reseal(format) => reseal(manager, format).await?,
        Command::Remove { user, id } => {
            let owner = find(instance, &user).await?.info.id;
            if !manager.store().remove_platform(&owner, &PlatformId::from(id), &change).await? {
                bail!("{user} has no platform with the id {id}");
            }
            say(&format!("Removed the platform {id} of {user}."));
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Done {
    resealed: usize,
    unchanged: usize,
    unreadable: usize,
}

async fn reseal(manager: &UnifiedSessionManager, format: Format) -> anyhow::Result<()> {
    let bar = progress();
    let report = manager.reseal_credentials(|so_far| {
        bar.set_message(format!("{} sealed anew", so_far.resealed));
        bar.tick();
    });
    let report = report.await;
    bar.finish_and_clear();
    let ResealReport { resealed, unchanged, unreadable } = report?;
    format.print(&Done { resealed, unchanged, unreadable }, |done| {
        format!("{} sealed anew, {} were already", done.resealed, done.unchanged)
    })?;
    if unreadable > 0 {
        bail!(
            "the credentials of {unreadable} platform(s) cannot be opened: name the file with \
             their secret in earlier_secret_key_files, or have their users connect them anew"
        );
    }
    Ok(())
}

fn cells(row: &Row) -> [String; 6] {
    let state = match (row.is_active, row.is_default) {
        (true, true) => "default",
        (true, false) => "active",
        (false, _) => "inactive",
    };
    let id = row.id.to_string();
    [&id, &row.name, &row.platform_type, &row.instance_url, &row.username, state].map(str::to_owned)
}
