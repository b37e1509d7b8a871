//! How commands talk.

use std::io::{self, IsTerminal as _, Write as _};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Text for people, or JSON for programs.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Format {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Format {
    /// Prints a value as JSON, or as `text` makes it.
    pub(super) fn print<T: Serialize + ?Sized>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> io::Result<()> {
        if self.json {
            data(&serde_json::to_string_pretty(value)?)
        } else {
            data(text(value).trim_end())
        }
    }
}

/// Prints data.
pub(super) fn data(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Says what was done, to a person.
pub(super) fn say(text: &str) {
    // Nobody can be told that nobody listens.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says what went wrong, with its causes, in one line.
pub(super) fn complain(error: &anyhow::Error) {
    say(&format!("sessrum: {error:#}"));
}

/// Whether whoever read the output went away, as `head` does.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A sign of life for long work: on a terminal alone.
pub(super) fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    ProgressBar::new_spinner().with_style(ProgressStyle::default_spinner())
}

/// Lays out rows in columns. The first row is the heading. What steers a terminal is taken out.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let printable = |cell: &String| cell.replace(char::is_control, "\u{fffd}");
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(printable)).collect();
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let heading = heading.map(str::to_owned);
    std::iter::once(&heading)
        .chain(&rows)
        .map(|row| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        })
        .collect()
}
