use clap::Subcommand;

use super::output::{data, say};
use crate::config::Settings;

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether the configuration can be used
    Check,
    /// Print the configuration in force, without secrets
    Print,
}

/// By now the settings were read and checked.
pub(super) fn run(command: Command, settings: &Settings) -> anyhow::Result<()> {
    match command {
        Command::Check => say("The configuration is good."),
        Command::Print => data(toml::to_string(settings)?.trim_end())?,
    }
    Ok(())
}
