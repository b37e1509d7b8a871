//! An installation of Sessrum with many sessions.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use sessrum_core::store::{AddPlatform, AddUser, NewPlatform, NewUser};
use sessrum_core::{Actor, Client, Role, SessionToken, SignIn, SignInOutcome, UserInfo};
use sessrum_server::Instance;
use sessrum_server::config::{Overrides, read};
use tokio::task::JoinSet;

/// Sessions of a user.
const OF_EACH: usize = 10;

/// Who calls at once.
const CALLERS: usize = 64;

/// Writes the configuration, makes the database and fills it: a line for each session in `cookies`.
///
/// # Errors
/// One sentence that says what stands in the way.
pub async fn make(
    directory: &Path,
    database_url: &str,
    sessions: usize,
    cookies: &Path,
) -> anyhow::Result<()> {
    let file = directory.join("sessrum.toml");
    std::fs::write(&file, format!("database_url = \"{database_url}\"\n"))?;
    let (_, config) = read(&Overrides { file: Some(file), ..Overrides::default() })?;
    Instance::migrate(&config).await?;
    let instance = Arc::new(Instance::open(&config).await?);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let instance = Arc::clone(&instance);
        callers.spawn(async move {
            let mut of_users = Vec::new();
            for number in (caller..sessions.div_ceil(OF_EACH)).step_by(CALLERS) {
                let user = add_user(&instance, number).await?;
                for _ in 0..OF_EACH.min(sessions - number * OF_EACH) {
                    let token = sign_in(&instance, user.clone()).await?;
                    of_users.push((user.username.clone(), token.expose()));
                }
            }
            anyhow::Ok(of_users)
        });
    }
    let mut lines = BufWriter::new(std::fs::File::create(cookies)?);
    while let Some(of_users) = callers.join_next().await {
        for (username, token) in of_users?? {
            writeln!(lines, "{username}\tsession={token}")?;
        }
    }
    lines.flush()?;
    instance.close().await;
    Ok(())
}

/// Signs a user in, as after a right password.
///
/// # Errors
/// Those of the database.
pub async fn sign_in(instance: &Instance, user: UserInfo) -> anyhow::Result<SessionToken> {
    let sign_in = SignIn {
        user,
        password_changed_at: None,
        platform_id: None,
        remember: false,
        replaces: None,
    };
    match instance.manager.create_session(sign_in, &Client::default()).await? {
        SignInOutcome::SignedIn(signed_in) => Ok(signed_in.token),
        outcome => bail!("no session: {outcome:?}"),
    }
}

/// Adds a user with a platform.
///
/// # Errors
/// Those of the database.
pub async fn add_user(instance: &Instance, number: usize) -> anyhow::Result<UserInfo> {
    let manager = &instance.manager;
    let change = manager.change(Actor::System, &Client::default());
    let (username, role) = (format!("user-{number}"), Role::Viewer);
    let email = format!("{username}@example.org");
    let user = NewUser {
        username: username.clone(),
        email: email.clone(),
        role,
        password_hash: None,
    };
    let AddUser::Added(id) = manager.store().add_user(user, &change).await? else {
        bail!("{username} is there");
    };
    let platform = NewPlatform {
        name: "Photographs".to_owned(),
        platform_type: "pixelfed".to_owned(),
        instance_url: "https://pixels.example.org".to_owned(),
        username: username.clone(),
        credentials: None,
        is_default: true,
    };
    let AddPlatform::Added(_) = manager.store().add_platform(&id, platform, &change).await? else {
        bail!("{username} has no platform");
    };
    Ok(UserInfo { id, username, email, role })
}
