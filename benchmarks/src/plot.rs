//! A table as a picture: a bar for each median, and a line from the lowest to the highest.

use std::path::Path;

use anyhow::anyhow;
use plotters::prelude::*;

use crate::report::{Table, shown};

const WIDTH: u32 = 800;
const ROW: u32 = 36;
const BAR: RGBColor = RGBColor(0x4c, 0x72, 0xb0);
const OURS: RGBColor = RGBColor(0xdd, 0x84, 0x52);

pub fn draw(table: &Table, file: &Path) -> anyhow::Result<()> {
    let rows = &table.rows;
    let area = SVGBackend::new(file, (WIDTH, ROW * (rows.len() as u32 + 3))).into_drawing_area();
    let wrong = |error: &dyn std::fmt::Display| anyhow!("{} is not drawn: {error}", file.display());
    area.fill(&WHITE).map_err(|error| wrong(&error))?;
    let most = rows.iter().map(crate::report::Row::highest).fold(0.0, f64::max) * 1.15;
    let mut chart = ChartBuilder::on(&area)
        .caption(&table.title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(ROW)
        .y_label_area_size(260)
        .build_cartesian_2d(0.0..most, 0.0..rows.len() as f64)
        .map_err(|error| wrong(&error))?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(6)
        .x_desc(table.unit)
        .x_label_formatter(&|value| shown(*value))
        .draw()
        .map_err(|error| wrong(&error))?;
    for (number, row) in rows.iter().rev().enumerate() {
        let (low, high) = (number as f64 + 0.2, number as f64 + 0.8);
        let middle = f64::midpoint(low, high);
        let colour = if row.name.starts_with("Sessrum") { OURS } else { BAR };
        let bar = Rectangle::new([(0.0, low), (row.median(), high)], colour.filled());
        let spread = PathElement::new([(row.lowest(), middle), (row.highest(), middle)], BLACK);
        chart.draw_series([bar]).map_err(|error| wrong(&error))?;
        chart.draw_series([spread]).map_err(|error| wrong(&error))?;
        let (_, y) = chart.backend_coord(&(0.0, middle));
        let label = Text::new(row.name.clone(), (10, y - 7), ("sans-serif", 14));
        area.draw(&label).map_err(|error| wrong(&error))?;
        let (x, _) = chart.backend_coord(&(row.highest(), middle));
        let value = Text::new(shown(row.median()), (x + 6, y - 7), ("sans-serif", 14));
        area.draw(&value).map_err(|error| wrong(&error))?;
    }
    area.present().map_err(|error| wrong(&error))
}
