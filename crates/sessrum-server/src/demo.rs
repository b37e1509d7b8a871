//! A server with users and platforms to play with.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sessrum_core::store::NewPlatform;
use sessrum_core::{Actor, Client, OsRandom, Random as _, Role, UserAdded, UserId};

use crate::config::{Config, ConfigError, DatabaseUrl, Settings};
use crate::instance::Instance;
use crate::serve::Server;

/// Where the users of a kept demo stand.
const USERS_FILE: &str = "demo-users.json";

/// Each user's platforms: name, type, instance.
const PLATFORMS: [(&str, &str, &str); 3] = [
    ("Photos", "pixelfed", "https://pixelfed.example"),
    ("News", "mastodon", "https://mastodon.example"),
    ("Videos", "peertube", "https://peertube.example"),
];

/// What `sessrum demo` was asked for.
pub(crate) struct DemoOptions {
    pub(crate) listen: String,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) print_json: bool,
}

#[derive(Clone, Deserialize, Serialize)]
struct DemoUser {
    username: String,
    password: String,
    role: String,
}

#[derive(Serialize)]
struct Printed<'a> {
    url: String,
    users: &'a [DemoUser],
}

/// Runs the demo until it is stopped.
pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let directory = options.data_dir.as_deref().unwrap_or(temporary.path());
    let config = config(options.listen, directory)?;
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    let server = Server::prepare(config).await?;
    let users = users(directory, server.instance()).await?;
    let url = server.origin().to_string();
    let mut out = std::io::stdout();
    if options.print_json {
        let line = serde_json::to_string(&Printed { url, users: &users })?;
        writeln!(out, "{line}")?;
    } else {
        welcome(&mut out, &url, &users, options.data_dir.as_deref())?;
    }
    out.flush()?;
    server.run().await
}

/// Where to listen is all that can be wrong with it.
fn config(listen: String, directory: &Path) -> Result<Config, ConfigError> {
    let settings = Settings {
        listen,
        database_url: DatabaseUrl::Sqlite(directory.join("sessrum.db")),
        ..Settings::default()
    };
    Config::from_settings(settings).map_err(|error| match error {
        ConfigError::Value { key, message } if key == "listen" => {
            ConfigError::flag("listen", &message)
        }
        ConfigError::Value { key, .. } if key == "public_url" => ConfigError::flag(
            "listen",
            "must be an address of this machine alone, as in 127.0.0.1:8080: a demo is for nobody \
             else",
        ),
        other => other,
    })
}

/// The users of a kept demo, or new ones with random passwords.
async fn users(directory: &Path, instance: &Instance) -> anyhow::Result<Vec<DemoUser>> {
    let file = directory.join(USERS_FILE);
    let kept = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        kept => Some(kept.with_context(|| format!("cannot read {}", file.display()))?),
    };
    let users: Vec<DemoUser> = match kept {
        Some(kept) => serde_json::from_str(&kept)
            .with_context(|| format!("{} is no list of demo users", file.display()))?,
        None => new_users(directory, instance).await?,
    };
    // Some are missing when an earlier start was cut short.
    for user in &users {
        add_user(instance, user).await?;
    }
    Ok(users)
}

/// Keeps the passwords before there is a user with one of them.
async fn new_users(directory: &Path, instance: &Instance) -> anyhow::Result<Vec<DemoUser>> {
    if !instance.manager.store().users(None, 1).await?.is_empty() {
        bail!("the directory holds a database without {USERS_FILE}: name another --data-dir");
    }
    let mut users = Vec::new();
    for role in [Role::Admin, Role::Reviewer, Role::Viewer] {
        let mut bytes = [0; 12];
        OsRandom.fill(&mut bytes)?;
        let password = URL_SAFE_NO_PAD.encode(bytes);
        users.push(DemoUser { username: role.to_string(), password, role: role.to_string() });
    }
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(serde_json::to_string_pretty(&users)?.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(directory.join(USERS_FILE))
        .with_context(|| format!("cannot write {USERS_FILE} in {}", directory.display()))?;
    Ok(users)
}

async fn add_user(instance: &Instance, user: &DemoUser) -> anyhow::Result<()> {
    let role: Role = user.role.parse()?;
    let change = instance.manager.change(Actor::Operator, &Client::default());
    let (name, email) = (user.username.clone(), format!("{}@example.org", user.username));
    let added = instance.accounts.add_user(name, email, role, &user.password, &change).await?;
    let id = match added {
        UserAdded::Added(id) => id,
        UserAdded::UsernameTaken => {
            let found = instance.manager.store().user_by_name(&user.username).await?;
            let Some(found) = found else { return Ok(()) };
            if !instance.manager.store().platform_connections(&found.info.id).await?.is_empty() {
                return Ok(());
            }
            found.info.id
        }
        other => bail!("cannot add the demo user {}: {other:?}", user.username),
    };
    connect_platforms(instance, &id, &user.username).await
}

async fn connect_platforms(instance: &Instance, user: &UserId, name: &str) -> anyhow::Result<()> {
    let change = instance.manager.change(Actor::Operator, &Client::default());
    for (title, platform_type, instance_url) in PLATFORMS {
        let platform = NewPlatform {
            name: title.to_owned(),
            platform_type: platform_type.to_owned(),
            instance_url: instance_url.to_owned(),
            username: name.to_owned(),
            credentials: None,
            is_default: false,
        };
        instance.manager.store().add_platform(user, platform, &change).await?;
    }
    Ok(())
}

fn welcome(
    out: &mut impl std::io::Write,
    url: &str,
    users: &[DemoUser],
    data_dir: Option<&Path>,
) -> std::io::Result<()> {
    writeln!(out, "\n  Sessrum is ready. Open {url} and sign in as one of\n")?;
    for DemoUser { username, password, .. } in users {
        writeln!(out, "      {username:<10} {password}")?;
    }
    let kept = data_dir.map_or_else(
        || "It forgets everything when it stops; --data-dir DIR keeps it.".to_owned(),
        |directory| format!("It is kept in {}.", directory.display()),
    );
    let password = users.iter().find(|user| user.username == "reviewer");
    let password = password.map_or("", |user| user.password.as_str());
    writeln!(out, "\n  {kept}\n\n  Or from another terminal:\n")?;
    writeln!(
        out,
        "      curl -s -c cookies -H 'Origin: {url}' --json '{{\"username\":\"reviewer\",\"password\":\"{password}\"}}' {url}/api/login"
    )?;
    writeln!(out, "      curl -s -b cookies {url}/api/session/state\n")?;
    writeln!(out, "  Stop it with Ctrl-C.\n")
}
