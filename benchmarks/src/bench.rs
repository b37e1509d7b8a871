//! What every measurement works with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use sessrum_testbed::{Options, Postgres};
use tempfile::TempDir;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Scale {
    /// How often each takes its turn.
    pub rounds: usize,
    /// How long a turn is.
    pub turn: Duration,
    /// Sessions where there are many of them.
    pub many: usize,
    /// Sessions where there are as many as can be.
    pub most: usize,
    /// Sessions that end at once.
    pub expired: usize,
}

pub const SHORT: Scale = Scale {
    rounds: 3,
    turn: Duration::from_secs(1),
    many: 100_000,
    most: 100_000,
    expired: 50_000,
};

pub const FULL: Scale = Scale {
    rounds: 7,
    turn: Duration::from_secs(5),
    many: 1_000_000,
    most: 4_000_000,
    expired: 500_000,
};

/// Sessions that are in use.
pub const IN_USE: usize = 10_000;

/// Where measurements are made.
pub struct Bench {
    pub scale: Scale,
    /// Where the programs are that are measured.
    pub programs: PathBuf,
    /// One whose commits go to the disk, as those of SQLite do.
    pub postgres: Postgres,
    bar: ProgressBar,
    /// The script that `wrk` goes by.
    pub script: PathBuf,
    directory: TempDir,
    places: usize,
    left_out: BTreeSet<String>,
}

impl Bench {
    pub async fn start(scale: Scale) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let programs = program.parent().context("a program is in a directory")?.to_owned();
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}")?);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_message("starting PostgreSQL");
        // More than fits at once is asked for: it is not the disk that is measured.
        let options = Options::default().set("shared_buffers", "1GB").set("max_wal_size", "8GB");
        let postgres = Postgres::start(options).await;
        let directory = tempfile::tempdir()?;
        let script = directory.path().join("requests.lua");
        std::fs::write(&script, include_str!("requests.lua"))?;
        let left_out = BTreeSet::new();
        Ok(Self { scale, programs, postgres, bar, script, directory, places: 0, left_out })
    }

    /// How it is measured, for whoever reads what came of it.
    pub fn how(&self) -> anyhow::Result<String> {
        let Scale { rounds, turn, .. } = self.scale;
        let cores = std::thread::available_parallelism()?;
        let seconds = turn.as_secs();
        Ok(format!(
            "Medians of {rounds} rounds by turns of {seconds} s, on {cores} cores that load, servers \
             and databases share. A ratio is the median of those of the rounds."
        ))
    }

    /// Says what happens now.
    pub fn say(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// A new directory, which goes with this.
    pub fn place(&mut self) -> anyhow::Result<PathBuf> {
        self.places += 1;
        let place = self.directory.path().join(self.places.to_string());
        std::fs::create_dir(&place)?;
        Ok(place)
    }

    /// The path of a program that is measured, if it was built.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        Some(self.programs.join(name)).filter(|path| Path::exists(path))
    }

    /// Notes that something is not measured, and why.
    pub fn leave_out(&mut self, what: &str, why: &str) {
        self.left_out.insert(format!("{what}: {why}"));
    }

    /// What was left out.
    pub fn left_out(&self) -> Vec<String> {
        self.left_out.iter().cloned().collect()
    }
}
