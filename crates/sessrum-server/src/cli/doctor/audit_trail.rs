use sessrum_core::{TrailFault, verify_trail};

use super::Check;
use crate::cli::output::progress;
use crate::instance::Instance;

const NAME: &str = "audit trail";

/// Faults that are told; a trail without its key has as many as events.
const TOLD: usize = 10;

/// Every event is what was written, after the one before it.
pub(super) async fn check(instance: &Instance) -> Check {
    let bar = progress();
    let report = verify_trail(instance.manager.store(), |events| {
        bar.set_message(format!("{events} events checked"));
        bar.tick();
    })
    .await;
    bar.finish_and_clear();
    let report = match report {
        Ok(report) => report,
        Err(error) => return Check::failed(NAME, format!("It cannot be read: {error}")),
    };
    if report.faults.is_empty() {
        return Check::ok(NAME, format!("All {} events are as they were written.", report.events));
    }
    let unknown = report.faults.iter().filter(|it| matches!(it, TrailFault::UnknownKey { .. }));
    let unknown = unknown.count();
    if unknown == report.faults.len() {
        return Check::failed(
            NAME,
            format!(
                "{unknown} events cannot be checked: they were sealed under a secret that is not \
                 configured. Name its file in earlier_secret_key_files."
            ),
        );
    }
    let mut told: Vec<_> = report.faults.iter().take(TOLD).map(ToString::to_string).collect();
    if report.faults.len() > TOLD {
        told.push(format!("and {} more", report.faults.len() - TOLD));
    }
    let told = told.join("; ");
    Check::failed(
        NAME,
        format!(
            "It was changed by someone else than this program: {told}. Compare it with a backup, \
             and find out who can write the database."
        ),
    )
}
