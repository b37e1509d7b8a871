//! The one clock. Times are integer microseconds since the Unix epoch, always UTC.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;

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

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, as in `2026-11-23T21:00:00Z`; years past 9999 are shown as the last one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nearest = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(nearest).fmt(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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
