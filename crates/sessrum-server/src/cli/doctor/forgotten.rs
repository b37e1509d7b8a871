use super::Check;
use crate::instance::Instance;

const NAME: &str = "forgotten users";

/// The database was compacted since a user was last forgotten.
pub(super) async fn check(instance: &Instance) -> Check {
    match instance.manager.store().is_compaction_due().await {
        Ok(false) => Check::ok(NAME, "Nothing is left of them in the tables."),
        Ok(true) => Check::failed(
            NAME,
            "The database may still hold traces of a user who was forgotten: run `sessrum cleanup \
             --compact`.",
        ),
        Err(error) => Check::failed(NAME, format!("Whether traces are left is unknown: {error}")),
    }
}
