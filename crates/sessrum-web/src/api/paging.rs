//! Lists in pages: `limit` rows at a time, `cursor` to go on where the page before ended.

use crate::problem::Problem;

/// Rows of a page unless asked otherwise.
const USUAL: usize = 50;
/// The most rows of a page.
const MOST: usize = 200;

/// How many rows a page is to have.
///
/// # Errors
/// 422 when that is none or too many.
pub(super) fn rows(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(USUAL) {
        rows @ 1..=MOST => Ok(rows),
        _ => Err(Problem::field("limit", format!("must be 1 to {MOST}"))),
    }
}

/// A cursor that leads nowhere.
pub(super) fn bad_cursor() -> Problem {
    Problem::field("cursor", "must be the `next_cursor` of the page before")
}

/// The cursor of a list whose rows are numbered.
///
/// # Errors
/// 422 when it is none.
pub(super) fn number(cursor: Option<&str>) -> Result<Option<i64>, Problem> {
    cursor.map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()
}

/// Takes off the one row that was read beyond the page, if there is one; the cursor then.
pub(super) fn cut<T>(
    found: &mut Vec<T>,
    rows: usize,
    cursor: impl Fn(&T) -> String,
) -> Option<String> {
    let more = found.len() > rows;
    found.truncate(rows);
    found.last().filter(|_| more).map(cursor)
}
