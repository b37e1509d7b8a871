use clap::Subcommand;

use super::output::{data, say};
use crate::config::{Config, Settings};

#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Command {
    /// Say whether the configuration can be used
    Check,
    /// Print the configuration in force, without secrets
    Print,
}

/// By now the settings were read and checked.
pub(super) fn run(command: Command, settings: Settings, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::Check => match config.trust_warning() {
            Some(warning) => say(&format!("The configuration can be used, but its {warning}.")),
            None => say("The configuration is good."),
        },
        Command::Print => data(toml::to_string(&settings.in_force(config))?.trim_end())?,
    }
    Ok(())
}
