use std::time::Duration;

use sessrum_postgres::Examination;

use crate::cli::doctor::Check;
use crate::config::Period;

const NAME: &str = "clock";

const TOLERATED: Duration = Duration::from_secs(1);

/// This machine's clock is the server's, and so those of all instances agree.
pub(super) fn check(found: &Examination) -> Check {
    let difference = Duration::from_micros(found.clock_ahead.unsigned_abs());
    if difference <= TOLERATED {
        return Check::ok(NAME, "It agrees with the server's.");
    }
    let side = if found.clock_ahead > 0 { "behind" } else { "ahead of" };
    let difference = Period(Duration::from_secs(difference.as_secs()));
    let message = format!(
        "It is {difference} {side} the server's. Sessions end by the clock of the instance that is \
         asked: have NTP set the clocks of all machines."
    );
    Check::warning(NAME, message)
}
