//! Moments in the words of people. Pure: the present is an argument.

use std::time::Duration;

use sessrum_core::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A moment, for a `<time>`.
pub(super) struct Moment {
    /// For programs: RFC 3339.
    pub(super) datetime: String,
    /// As in "23 November 2026, 21:00 UTC".
    pub(super) date: String,
    /// As in "23 November 2026, 21:00:00 UTC".
    pub(super) date_to_the_second: String,
    /// As in "3 minutes ago" or "in 12 hours".
    pub(super) distance: String,
}

impl Moment {
    /// A moment as seen from `now`.
    pub(super) fn seen_from(now: Timestamp, at: Timestamp) -> Self {
        Self {
            datetime: at.to_string(),
            date: written(at, "%-d %B %Y, %H:%M UTC"),
            date_to_the_second: written(at, "%-d %B %Y, %H:%M:%S UTC"),
            distance: distance(at, now),
        }
    }
}

/// A length such as "30 minutes", rounded down to its largest unit.
fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        DAY.. => (seconds / DAY, "day"),
        HOUR.. => (seconds / HOUR, "hour"),
        _ => (seconds / MINUTE, "minute"),
    };
    counted(count, unit)
}

/// A span such as "90 minutes", in the largest unit that tells it exactly.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")];
    let exact = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
    let (unit, name) = exact.unwrap_or((1, "second"));
    counted(seconds / unit, name)
}

fn counted(count: u64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// What is ahead is told to the nearest unit: a session of 30 minutes has 30 a second later.
fn to_nearest(ahead: Duration) -> Duration {
    let half_unit = match ahead.as_secs() {
        DAY.. => DAY / 2,
        HOUR.. => HOUR / 2,
        _ => MINUTE / 2,
    };
    ahead + Duration::from_secs(half_unit)
}

fn distance(at: Timestamp, now: Timestamp) -> String {
    let (past, ahead) = (now.since(at), at.since(now));
    match (past.as_secs(), ahead.as_secs()) {
        (0..MINUTE, 0) => "just now".to_owned(),
        (0, 1..MINUTE) => "in less than a minute".to_owned(),
        (0, _) => format!("in {}", length(to_nearest(ahead))),
        _ => format!("{} ago", length(past)),
    }
}

fn written(at: Timestamp, format: &str) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| at.to_string(), |at| at.strftime(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23T21:00:00Z.
    const NOW: Timestamp = Timestamp::from_micros(1_795_467_600_000_000);

    fn after(seconds: u64) -> String {
        distance(NOW, NOW + Duration::from_secs(seconds))
    }

    fn before(seconds: u64) -> String {
        distance(NOW + Duration::from_secs(seconds), NOW)
    }

    #[test]
    fn the_past_is_counted_in_its_largest_whole_unit() {
        assert_eq!(after(0), "just now");
        assert_eq!(after(59), "just now");
        assert_eq!(after(60), "1 minute ago");
        assert_eq!(after(119), "1 minute ago");
        assert_eq!(after(3 * MINUTE), "3 minutes ago");
        assert_eq!(after(HOUR - 1), "59 minutes ago");
        assert_eq!(after(HOUR), "1 hour ago");
        assert_eq!(after(DAY - 1), "23 hours ago");
        assert_eq!(after(DAY), "1 day ago");
        assert_eq!(after(40 * DAY), "40 days ago");
    }

    #[test]
    fn the_future_is_told_to_the_nearest_unit() {
        assert_eq!(before(1), "in less than a minute");
        assert_eq!(before(30 * MINUTE), "in 30 minutes");
        assert_eq!(before(30 * MINUTE - 1), "in 30 minutes");
        assert_eq!(before(30 * MINUTE - 31), "in 29 minutes");
        assert_eq!(before(12 * HOUR - 1), "in 12 hours");
        assert_eq!(before(11 * HOUR + 20 * MINUTE), "in 11 hours");
        assert_eq!(before(12 * HOUR), "in 12 hours");
        assert_eq!(before(14 * DAY), "in 14 days");
    }

    #[test]
    fn a_span_is_told_exactly() {
        let told = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(told(30 * MINUTE), "30 minutes");
        assert_eq!(told(90 * MINUTE), "90 minutes");
        assert_eq!(told(DAY), "1 day");
        assert_eq!(told(45), "45 seconds");
    }

    #[test]
    fn a_moment_is_told_to_people_and_to_programs() {
        let moment = Moment::seen_from(NOW, NOW);
        assert_eq!(moment.date, "23 November 2026, 21:00 UTC");
        assert_eq!(moment.date_to_the_second, "23 November 2026, 21:00:00 UTC");
        assert_eq!(moment.datetime, "2026-11-23T21:00:00Z");
        assert_eq!(moment.distance, "just now");
        let extreme = Moment::seen_from(NOW, Timestamp::from_micros(i64::MAX));
        assert!(!extreme.date.is_empty());
    }
}
