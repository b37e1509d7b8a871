//! The operator's commands. Data goes to standard output, talk to standard error; the exit code is
//! 0 when it is done, 1 when it failed, 2 when the command line was wrong.

mod audit;
mod config;
mod database;
mod doctor;
mod names;
mod output;
mod platform;
mod session;
mod user;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, ConfigError, LogFormat, LogSettings, Overrides, Settings, read};
use crate::demo::{self, DemoOptions};
use crate::instance::Instance;
use crate::serve::Server;

/// One session system for a web application: a session is a row in a database.
#[derive(Debug, Parser)]
#[command(name = "sessrum", version, propagate_version = true)]
struct CommandLine {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// The configuration file; by default sessrum.toml, if it is there
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "The database, as sqlite:PATH or postgres://USER@HOST/DATABASE"
    )]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve
    Serve {
        /// Address and port
        #[arg(long, value_name = "ADDR")]
        listen: Option<String>,
        /// Where browsers find the site: the scheme, the host, and the port if it has one
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
    },
    /// Serve a database with users and platforms to play with
    Demo {
        /// Address and port
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
        listen: String,
        /// Keep the database here
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
        /// Print one line of JSON (url, users) instead of a welcome
        #[arg(long)]
        print_json: bool,
    },
    /// Bring the database's tables up to date
    Migrate,
    /// Tell what is in the database
    Status(output::Format),
    /// Check that the installation is well
    Doctor(output::Format),
    /// End what is over, remove what ended long ago and shorten the clients of old events, now
    Cleanup {
        #[command(flatten)]
        format: output::Format,
        /// Also rid the database's files of what was removed; changes of SQLite wait meanwhile
        #[arg(long)]
        compact: bool,
    },
    /// List the audit trail, newest first
    Audit(audit::Options),
    /// Print the OpenAPI document
    Openapi,
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Users
    #[command(subcommand)]
    User(user::Command),
    /// Platforms of users
    #[command(subcommand)]
    Platform(platform::Command),
    /// Sessions
    #[command(subcommand)]
    Session(session::Command),
}

/// Runs the command line of the process.
#[must_use]
pub fn main() -> ExitCode {
    let CommandLine { common, command } = CommandLine::parse();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")
        .and_then(|runtime| runtime.block_on(run(common, command)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            match error.downcast_ref() {
                Some(ConfigError::Flag { .. }) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

async fn run(common: Common, command: Command) -> anyhow::Result<()> {
    let mut overrides = Overrides {
        file: common.config,
        database_url: common.database_url,
        ..Overrides::default()
    };
    match command {
        Command::Demo { listen, data_dir, print_json } => {
            // The demo stands for itself: neither a file nor the environment changes it.
            if overrides.file.is_some() {
                return Err(ConfigError::flag("config", "is not for a demo: leave it out").into());
            }
            if overrides.database_url.is_some() {
                let message = "is not for a demo: --data-dir says where it keeps its database";
                return Err(ConfigError::flag("database-url", message).into());
            }
            start_log(&LogSettings::default())?;
            demo::run(DemoOptions { listen, data_dir, print_json }).await
        }
        Command::Serve { listen, public_url } => {
            overrides.listen = listen;
            overrides.public_url = public_url;
            let (_, config) = settings(&overrides)?;
            start_log(&config.log)?;
            Server::prepare(config).await?.run().await
        }
        Command::Config(command) => {
            let (settings, config) = settings(&overrides)?;
            config::run(command, settings, &config)
        }
        Command::Openapi => database::openapi(),
        Command::Migrate => database::migrate(&settings(&overrides)?.1).await,
        Command::Status(format) => {
            opened(&overrides, async |instance| database::status(instance, format).await).await
        }
        Command::Doctor(format) => doctor::run(&settings(&overrides)?.1, format).await,
        Command::Audit(options) => {
            opened(&overrides, async |instance| audit::run(options, instance).await).await
        }
        Command::Cleanup { format, compact } => {
            let cleanup = async |instance: &_| database::cleanup(instance, format, compact).await;
            opened(&overrides, cleanup).await
        }
        // Nobody goes by a user who was not there before.
        Command::User(command @ (user::Command::Add { .. } | user::Command::List(_))) => {
            opened(&overrides, async |instance| user::run(command, instance).await).await
        }
        Command::User(command) => {
            settled(&overrides, async |instance| user::run(command, instance).await).await
        }
        Command::Platform(command @ platform::Command::List { .. }) => {
            opened(&overrides, async |instance| platform::run(command, instance).await).await
        }
        Command::Platform(command) => {
            settled(&overrides, async |instance| platform::run(command, instance).await).await
        }
        Command::Session(
            command @ (session::Command::List { .. } | session::Command::Show { .. }),
        ) => opened(&overrides, async |instance| session::run(command, instance).await).await,
        Command::Session(command) => {
            settled(&overrides, async |instance| session::run(command, instance).await).await
        }
    }
}

/// Runs a command on the opened database, and closes that.
async fn opened(
    overrides: &Overrides,
    command: impl AsyncFnOnce(&Instance) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let instance = Instance::open_for_command(&settings(overrides)?.1).await?;
    let done = command(&instance).await;
    instance.close().await;
    done
}

/// Runs a command as [`opened`] does. When it returns, no server beside it goes by what was so
/// before; also when it changed nothing, since a server may have done the same a moment ago.
async fn settled(
    overrides: &Overrides,
    command: impl AsyncFnOnce(&Instance) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    opened(overrides, async |instance| {
        let done = command(instance).await;
        let heard = instance.until_heard().await;
        done.and(heard)
    })
    .await
}

fn settings(overrides: &Overrides) -> anyhow::Result<(Settings, Config)> {
    Ok(read(overrides)?)
}

fn start_log(log: &LogSettings) -> anyhow::Result<()> {
    let filtered = tracing_subscriber::registry().with(log.filter()?);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match log.format {
        LogFormat::Text => filtered.with(lines).init(),
        LogFormat::Json => filtered.with(lines.json()).init(),
    }
    Ok(())
}
