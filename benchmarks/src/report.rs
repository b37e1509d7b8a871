//! What was measured: Markdown for people, JSON for programs, plots for the documentation.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::plot;

/// All that was measured.
#[derive(Serialize)]
pub struct Report {
    /// How it was measured.
    pub how: String,
    pub tables: Vec<Table>,
    pub left_out: Vec<String>,
}

/// One measurement.
#[derive(Serialize)]
pub struct Table {
    /// A word, for files.
    pub name: &'static str,
    pub title: String,
    pub unit: &'static str,
    pub rows: Vec<Row>,
    pub goals: Vec<Goal>,
    /// What must be known to read it.
    pub notes: Vec<String>,
}

/// What one contestant did, in the order of the rounds.
#[derive(Serialize)]
pub struct Row {
    pub name: String,
    pub values: Vec<f64>,
}

/// What was to be shown.
#[derive(Serialize)]
pub struct Goal {
    pub says: String,
    /// `None`: it was not measured.
    pub got: Option<f64>,
    pub limit: f64,
    pub reached: bool,
}

impl Row {
    pub fn median(&self) -> f64 {
        median(self.values.iter().copied())
    }

    pub fn lowest(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub fn highest(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Goal {
    fn word(&self) -> String {
        match self.got {
            None => "not measured".to_owned(),
            Some(_) if self.reached => "reached".to_owned(),
            Some(got) => format!("missed by {:.0} %", (got / self.limit - 1.0).abs() * 100.0),
        }
    }
}

impl Table {
    pub fn new(name: &'static str, title: impl Into<String>, unit: &'static str) -> Self {
        let (rows, goals, notes) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, title: title.into(), unit, rows, goals, notes }
    }

    pub fn add(&mut self, name: &str, value: f64) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => self.rows.push(Row { name: name.to_owned(), values: vec![value] }),
        }
    }

    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Sets the goal that one has so many times as much as another.
    pub fn at_least(&mut self, name: &str, times: f64, other: &str) {
        let got = self.times(name, other);
        self.goal(format!("{name}: at least {times} × {other}"), got, times, |got| got >= times);
    }

    /// Sets the goal that one has no more than so many times as much as another.
    pub fn at_most(&mut self, name: &str, times: f64, other: &str) {
        let got = self.times(name, other);
        self.goal(format!("{name}: at most {times} × {other}"), got, times, |got| got <= times);
    }

    /// Sets the goal that something is no more than a value.
    pub fn below(&mut self, name: &str, limit: f64) {
        let got = self.row(name).map(Row::median);
        let says = format!("{name}: at most {limit} {}", self.unit);
        self.goal(says, got, limit, |got| got <= limit);
    }

    fn goal(&mut self, says: String, got: Option<f64>, limit: f64, is_good: impl Fn(f64) -> bool) {
        self.goals.push(Goal { says, got, limit, reached: got.is_some_and(is_good) });
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// How many times as much one has: by rounds, so that what slows a round slows both.
    fn times(&self, name: &str, other: &str) -> Option<f64> {
        let (row, other) = (self.row(name)?, self.row(other)?);
        if row.values.len() != other.values.len() {
            return Some(row.median() / other.median());
        }
        Some(median(row.values.iter().zip(&other.values).map(|(value, other)| value / other)))
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "## {}\n\n| | {}, median | lowest to highest | × {} |\n|---|--:|--:|--:|\n",
            self.title, self.unit, self.rows[0].name
        );
        for row in &self.rows {
            let [median, lowest, highest] = [row.median(), row.lowest(), row.highest()].map(shown);
            let times = self.times(&row.name, &self.rows[0].name).unwrap_or_default();
            let name = &row.name;
            let _ = writeln!(text, "| {name} | {median} | {lowest} to {highest} | {times:.2} |");
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }
}

/// As many digits as mean something.
pub fn shown(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

impl Report {
    fn markdown(&self) -> String {
        let mut text = format!("{}\n\n| | goal | got | |\n|---|---|--:|---|\n", self.how);
        for table in &self.tables {
            for goal in &table.goals {
                let got = goal.got.map_or_else(String::new, shown);
                let Goal { says, .. } = goal;
                let _ = writeln!(text, "| {} | {says} | {got} | {} |", table.title, goal.word());
            }
        }
        for table in &self.tables {
            let _ = write!(text, "\n{}", table.markdown());
        }
        for left_out in &self.left_out {
            let _ = write!(text, "\nLeft out: {left_out}.\n");
        }
        text
    }

    /// Writes `report.md`, `report.json` and a plot of each table, and says the first.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(directory)?;
        let markdown = self.markdown();
        std::fs::write(directory.join("report.md"), &markdown)?;
        std::fs::write(directory.join("report.json"), serde_json::to_string_pretty(self)?)?;
        for table in &self.tables {
            plot::draw(table, &directory.join(format!("{}.svg", table.name)))?;
        }
        println!("{markdown}");
        Ok(())
    }
}
