//! PostgreSQL runs the suite that every store runs, and agrees with the reference.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use sessrum_conformance::sealer;
use sessrum_core::store::{EventStore as _, Store};
use sessrum_postgres::{PostgresOptions, PostgresStore};
use sessrum_testbed::{Database, PgBouncer, Postgres, until};

async fn migrated() -> Database {
    let postgres = Postgres::shared().await;
    let migrate = async |url| {
        sessrum_postgres::migrate(&PostgresOptions::new(url)).await.unwrap();
    };
    postgres.prepared_database("conformance", migrate).await
}

/// A store that hears of others and goes by what it has read.
async fn open(mut options: PostgresOptions) -> Arc<dyn Store> {
    // However slow the machine is.
    options.lease = Duration::from_mins(1);
    let store = PostgresStore::open(&options, sealer(1)).await.unwrap();
    until(async || store.feed().hears()).await;
    Arc::new(store)
}

/// A store in a database of its own, which goes with it.
async fn fresh() -> (Arc<dyn Store>, Database) {
    let database = migrated().await;
    (open(PostgresOptions::new(database.url())).await, database)
}

/// The same behind a pooler that lends connections by transaction and knows of no prepared statements.
async fn pooled() -> (Arc<dyn Store>, (Database, PgBouncer)) {
    let database = migrated().await;
    let pooler = PgBouncer::start(database.address(), &[]).await;
    let mut options = PostgresOptions::new(database.url_through(pooler.address()));
    options.direct_url = Some(database.url());
    options.prepared_statements = false;
    (open(options).await, (database, pooler))
}

sessrum_conformance::suite!(fresh());

#[test]
fn postgres_agrees_with_the_reference() {
    sessrum_conformance::model::agrees_with_memory(fresh);
}

#[test]
fn postgres_behind_a_pooler_agrees_with_the_reference() {
    let disagreement = sessrum_conformance::model::disagreement(pooled, 16);
    assert!(disagreement.is_none(), "{}", disagreement.unwrap());
}

/// Verbs that the random sequences have not, and many callers at once.
mod behind_a_pooler {
    use sessrum_conformance::{data, events, forgetting, races, run, trail, users};

    use super::pooled;

    #[test]
    fn verbs_do_what_they_do_without_it() {
        run(pooled(), events::events_may_be_of_one_user_or_recent);
        run(pooled(), events::events_may_be_of_one_kind_or_without_routine);
        run(pooled(), forgetting::after_compacting_nothing_is_due);
        run(pooled(), users::names_are_told_of_those_who_are_there);
        run(pooled(), data::abuse_15_a_large_value_round_trips_up_to_the_cap);
    }

    #[test]
    fn callers_do_not_meet() {
        run(pooled(), races::abuse_28_concurrent_sign_ins_never_exceed_the_cap_7_1_2);
        run(pooled(), races::concurrent_sign_ins_with_one_token_have_one_winner);
        run(pooled(), trail::concurrent_changes_leave_a_trail_that_checks);
    }
}
