//! What was measured, as Markdown for people and JSON for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

/// One measurement: values of each contestant, the limit first.
#[derive(Serialize)]
pub struct Table {
    title: &'static str,
    unit: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// In the order of the rounds.
    values: Vec<f64>,
}

impl Row {
    fn sorted(&self) -> Vec<f64> {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        values
    }

    fn median(&self) -> f64 {
        let values = self.sorted();
        values[values.len() / 2]
    }
}

impl Table {
    pub fn new(title: &'static str, unit: &'static str) -> Self {
        Self { title, unit, rows: Vec::new() }
    }

    pub fn add(&mut self, name: &'static str, value: f64) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.values.push(value),
            None => self.rows.push(Row { name, values: vec![value] }),
        }
    }

    fn markdown(&self) -> String {
        let first = self.rows[0].median();
        let mut text = format!(
            "## {}\n\n| | {} | lowest to highest | of {} |\n|---|--:|--:|--:|\n",
            self.title, self.unit, self.rows[0].name
        );
        for row in &self.rows {
            let values = row.sorted();
            let (lowest, highest) = (values[0], values[values.len() - 1]);
            let median = row.median();
            let _ = writeln!(
                text,
                "| {} | {median:.0} | {lowest:.0} to {highest:.0} | {:.2} |",
                row.name,
                median / first
            );
        }
        text
    }
}

/// Writes `report.md` and `report.json`, and says the first.
///
/// # Errors
/// Those of the files.
pub fn write(directory: &Path, tables: &[Table]) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory)?;
    let markdown: Vec<_> = tables.iter().map(Table::markdown).collect();
    let markdown = markdown.join("\n");
    std::fs::write(directory.join("report.md"), &markdown)?;
    std::fs::write(directory.join("report.json"), serde_json::to_string_pretty(tables)?)?;
    println!("{markdown}");
    Ok(())
}
