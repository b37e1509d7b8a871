//! Who may listen on the way to the database.

use sessrum_core::store::SessionStore as _;
use sessrum_postgres::{OpenError, PostgresOptions, PostgresStore, migrate};
use sessrum_testbed::{Options, Postgres};

use crate::support::{migrated, sealer};

#[tokio::test]
async fn a_server_is_spoken_to_by_tls_when_its_certificate_is_the_one_to_trust() {
    let postgres = Postgres::start(Options::default().set("fsync", "off").with_tls()).await;
    let database = postgres.database().await;
    let mut trusting = PostgresOptions::new(database.url());
    trusting.root_certificate = Some(postgres.certificate());
    migrate(&trusting).await.unwrap();
    let store = PostgresStore::open(&trusting, sealer()).await.unwrap();
    store.check().await.unwrap();

    // The system does not know who signed it.
    let error = PostgresStore::open(&PostgresOptions::new(database.url()), sealer()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, OpenError::Untrusted { .. }), "{error:?}");
    assert!(error.to_string().contains("give `root_certificate` the certificate"), "{error}");

    // It is another host's.
    let mut other = trusting.clone();
    let (account, place) = trusting.url.split_once("127.0.0.1").unwrap();
    other.url = format!("{account}db.example{place}&hostaddr=127.0.0.1");
    let error = PostgresStore::open(&other, sealer()).await.unwrap_err();
    assert!(matches!(error, OpenError::Untrusted { .. }), "{error:?}");

    // This server lets nobody in without.
    let plain = PostgresOptions::new(trusting.url.replace("require", "disable"));
    let error = PostgresStore::open(&plain, sealer()).await.unwrap_err();
    assert!(matches!(error, OpenError::NotLetIn { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_where_it_is_asked_for() {
    let database = migrated().await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let options = PostgresOptions::new(format!("{}?sslmode={mode}", database.url()));
        let error = PostgresStore::open(&options, sealer()).await.unwrap_err();
        assert!(matches!(error, OpenError::Untrusted { .. }), "{error:?}");
    }
    let options = PostgresOptions::new(format!("{}?sslmode=disable", database.url()));
    PostgresStore::open(&options, sealer()).await.unwrap().check().await.unwrap();
}
