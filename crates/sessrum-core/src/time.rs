//! The one clock. Times are integer microseconds since the Unix epoch, always UTC.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;

use crate::digits::decimal;

/// A moment: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Arithmetic saturates, so no input can make it panic or wrap.
///
/// ```
/// use sessrum_core::Timestamp;
/// use std::time::Duration;
///
/// let midnight = Timestamp::from_micros(1_700_006_400_000_000);
/// assert_eq!(midnight.to_string(), "2023-11-15T00:00:00Z");
/// assert_eq!(Timestamp::parse("2023-11-15T01:00:00+01:00"), Some(midnight));
/// assert_eq!((midnight + Duration::from_secs(90)).since(midnight), Duration::from_secs(90));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `micros` microseconds after the epoch (before it when negative).
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, as in `2026-11-23T21:00:00Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(Self(moment.as_microsecond()))
    }

    /// This moment, or the one right after `other` when it comes before that.
    #[must_use]
    pub fn at_or_after(self, other: Self) -> Self {
        if self < other { Self(other.0.saturating_add(1)) } else { self }
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(micros(rhs)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(micros(rhs)))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Timestamp {
    /// As [`Display`](fmt::Display) shows it, without the formatting machinery in the years that answers
    /// have: an answer has many moments.
    fn rfc3339(self) -> String {
        let moment = jiff::Timestamp::from_microsecond(self.0).ok();
        let moment = moment.map(|moment| jiff::tz::Offset::UTC.to_datetime(moment));
        let Some((moment, Ok(year))) = moment.map(|it| (it, u32::try_from(it.year()))) else {
            return self.to_string();
        };
        let two = |number: i8| decimal::<2>(number.unsigned_abs().into());
        let mut text = Vec::with_capacity("2026-11-23T21:00:00.000000Z".len());
        text.extend(decimal::<4>(year));
        for (mark, number) in [
            (b'-', moment.month()),
            (b'-', moment.day()),
            (b'T', moment.hour()),
            (b':', moment.minute()),
            (b':', moment.second()),
        ] {
            text.push(mark);
            text.extend(two(number));
        }
        let micros = moment.subsec_nanosecond().unsigned_abs() / 1000;
        if micros > 0 {
            text.push(b'.');
            let fraction = decimal::<6>(micros);
            let zeros = fraction.iter().rev().take_while(|digit| **digit == b'0').count();
            text.extend(fraction.iter().take(fraction.len() - zeros));
        }
        text.push(b'Z');
        String::from_utf8(text).unwrap_or_else(|_| self.to_string())
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, as in `2026-11-23T21:00:00Z`; years past 9999 are shown as the last one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nearest = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(nearest).fmt(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

/// The only source of the present time.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// How long it has been since a moment that stays the same while the process runs. It never goes
    /// back, whatever [`now`](Self::now) is set to, and on Linux it counts the time that the machine
    /// sleeps.
    fn uptime(&self) -> Duration;

    /// Waits until a moment has come. May wake a little early after the machine's clock was set. The
    /// machine's clock needs a Tokio runtime with timers, and panics without.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_microsecond())
    }

    fn uptime(&self) -> Duration {
        system_uptime()
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(at.since(self.now())))
    }
}

#[cfg(target_os = "linux")]
fn system_uptime() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // It is never negative.
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
fn system_uptime() -> Duration {
    use std::sync::OnceLock;
    use std::time::Instant;
    static FIRST_ASKED: OnceLock<Instant> = OnceLock::new();
    FIRST_ASKED.get_or_init(Instant::now).elapsed()
}

/// A clock that moves only when it is told to, for tests.
///
/// ```
/// use sessrum_core::{Clock, ManualClock, Timestamp};
/// use std::time::Duration;
///
/// let clock = ManualClock::starting_at(Timestamp::from_micros(0));
/// clock.advance(Duration::from_secs(1));
/// clock.set(Timestamp::from_micros(7));
/// assert_eq!((clock.now().as_micros(), clock.uptime().as_secs()), (7, 1));
/// ```
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Hands>);

/// What a manual clock shows.
#[derive(Clone, Copy, Debug)]
struct Hands {
    now: Timestamp,
    uptime: Duration,
}

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self(watch::Sender::new(Hands { now: start, uptime: Duration::ZERO }))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|hands| {
            hands.now = hands.now + by;
            hands.uptime = hands.uptime.saturating_add(by);
        });
    }

    /// Sets the present moment, forward or back, as somebody sets a machine's clock: no time passes.
    pub fn set(&self, now: Timestamp) {
        self.0.send_modify(|hands| hands.now = now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.borrow().now
    }

    fn uptime(&self) -> Duration {
        self.0.borrow().uptime
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut time = self.0.subscribe();
        Box::pin(async move {
            if time.wait_for(|hands| at <= hands.now).await.is_err() {
                // A clock that is gone never strikes.
                std::future::pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_a_moment_as_it_is_shown() {
        let year = 31_556_952_000_000;
        let years = (-3000..9000).map(|number| number * year + number * 1_000_000 + number);
        let edges = [i64::MIN, i64::MAX, -1, 0, 1, 100, 500_000, 999_999, 253_402_207_199_999_999];
        for micros in years.chain(edges) {
            let moment = Timestamp(micros);
            assert_eq!(moment.rfc3339(), moment.to_string(), "{micros}");
        }
    }
}
