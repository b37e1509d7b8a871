//! What opening says when something stands in the way, and what it leaves behind.

use std::error::Error as _;
use std::time::Duration;

use sessrum_core::store::{SessionStore as _, StoreErrorKind};
use sessrum_postgres::{
    OpenError, PostgresOptions, PostgresStore, check_schema, has_users, migrate,
};
use sessrum_testbed::{Options, Port, Postgres, TcpProxy, Way};

use crate::support::{TestStore, connect, impatient, migrated, sealer};

async fn refusal(options: &PostgresOptions) -> OpenError {
    PostgresStore::open(options, sealer()).await.unwrap_err()
}

/// One sentence that goes on with what to do, and nothing of the password anywhere in it.
fn assert_helpful(error: &OpenError, advice: &str) {
    let text = error.to_string();
    assert!(text.contains(advice), "{text}");
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    for text in [text, cause, format!("{error:?}")] {
        assert!(!text.contains('\n') && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_url_of_a_database_is_refused_unread() {
    for url in [
        "",
        "sessions.db",
        "host=localhost user=ada password=secret",
        "mysql://ada:secret@localhost/app",
        "postgres://ada:secret@",
        "postgres://ada:se@secret@localhost/app",
        "postgres://ada:secret@localhost:port/app",
        "postgres://ada:secret@localhost/app?secret=1",
        "postgres://ada:secret@a,b/app?hostaddr=127.0.0.1",
        "postgres://ada:secret@localhost/app?port=5433",
        "postgres://ada:secret@localhost/app?sslmode",
    ] {
        let error = refusal(&PostgresOptions::new(url)).await;
        assert!(matches!(error, OpenError::InvalidUrl), "{url}: {error:?}");
        assert_helpful(&error, "postgres://USER:PASSWORD@HOST:PORT/DATABASE");
    }
}

#[tokio::test]
async fn a_mode_that_may_go_without_tls_is_refused() {
    for mode in ["prefer", "allow", "secret"] {
        let url = format!("postgres://ada:secret@localhost/app?sslmode={mode}");
        let error = refusal(&PostgresOptions::new(url)).await;
        assert!(matches!(error, OpenError::WeakMode), "{error:?}");
        assert_helpful(&error, "verify-full");
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = PostgresOptions::new("postgres://ada:secret@db.example/app");
    for (name, content) in [("none", None), ("empty", Some("")), ("letter", Some("Dear Ada"))] {
        let path = directory.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        options.root_certificate = Some(path.clone());
        let error = refusal(&options).await;
        assert!(matches!(error, OpenError::RootCertificate { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&path.display().to_string()));
        assert_helpful(&error, "a file in PEM");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let port = Port::free();
    let url = format!("postgres://ada:secret@{}/app", port.address());
    for error in [
        refusal(&PostgresOptions::new(&url)).await,
        migrate(&PostgresOptions::new(&url)).await.unwrap_err(),
        has_users(&PostgresOptions::new(&url)).await.unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().starts_with(&format!("database app at {}", port.address())));
        assert_helpful(&error, "check that PostgreSQL runs there");
    }
}

#[tokio::test]
async fn a_server_that_takes_the_connection_and_says_nothing_is_given_up() {
    let database = migrated().await;
    let proxy = TcpProxy::start(database.address()).await;
    proxy.stall(Way::ToClient);
    let url = database.url_through(proxy.address());
    let error = refusal(&impatient(url, Duration::from_millis(500))).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.source().unwrap().to_string(), "no answer in time");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let url = migrated().await.url();
    let (server, _) = url.rsplit_once('/').unwrap();
    let error = refusal(&PostgresOptions::new(format!("{server}/none"))).await;
    assert!(matches!(error, OpenError::DatabaseMissing(_)), "{error:?}");
    assert_helpful(&error, "createdb");
}

#[tokio::test]
async fn a_database_that_was_not_migrated_is_refused() {
    let database = Postgres::shared().await.database().await;
    let options = PostgresOptions::new(database.url());
    for error in [refusal(&options).await, check_schema(&options).await.unwrap_err()] {
        assert!(matches!(error, OpenError::NotMigrated(_)), "{error:?}");
        assert_helpful(&error, "run `sessrum migrate`");
    }
    assert_eq!(migrate(&options).await.unwrap(), [1]);
    check_schema(&options).await.unwrap();
}

#[tokio::test]
async fn a_standby_is_refused() {
    let database = migrated().await;
    // As a standby does, and as some hosts do with a disk that is nearly full.
    let read_only = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I \
                     SET default_transaction_read_only = on', current_database()); END $$";
    connect(&database.url()).await.batch_execute(read_only).await.unwrap();
    let place = database.address().to_string();
    let several = database.url().replace(&place, &format!("{place},{place}"));
    assert_ne!(several, database.url());
    for url in [database.url(), several] {
        let options = PostgresOptions::new(url);
        for error in [refusal(&options).await, migrate(&options).await.unwrap_err()] {
            assert!(matches!(error, OpenError::ReadOnly(_)), "{error:?}");
            assert_helpful(&error, "name the primary server");
        }
    }
}

#[tokio::test]
async fn tables_of_another_program_with_the_same_names_are_left_alone() {
    let database = Postgres::shared().await.database().await;
    let application = connect(&database.url()).await;
    application.batch_execute("CREATE TABLE users (name text)").await.unwrap();
    let error = migrate(&PostgresOptions::new(database.url())).await.unwrap_err();
    assert!(matches!(error, OpenError::Failed { .. }), "{error:?}");
    assert_helpful(&error, "choose another database or schema");
    assert!(error.source().unwrap().to_string().contains("\"users\" already exists"));
    let found = "SELECT to_regclass('user_sessions') IS NULL";
    assert!(application.query_one(found, &[]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn the_tables_may_be_in_a_schema_of_their_own() {
    let database = Postgres::shared().await.database().await;
    let client = connect(&database.url()).await;
    client.batch_execute("CREATE SCHEMA sessions; CREATE TABLE users (name text)").await.unwrap();
    let options = "options=-c%20search_path%3Dsessions";
    let options = PostgresOptions::new(format!("{}?{options}", database.url()));
    assert_eq!(migrate(&options).await.unwrap(), [1]);
    let store = PostgresStore::open(&options, sealer()).await.unwrap();
    store.check().await.unwrap();
    store.compact().await.unwrap();
    assert!(!has_users(&options).await.unwrap());
    let elsewhere = "SELECT to_regclass('public.sessrum_schema_history') IS NULL";
    assert!(client.query_one(elsewhere, &[]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn migrating_again_changes_nothing_even_beside_an_open_store() {
    let test = TestStore::new().await;
    assert!(migrate(&test.options).await.unwrap().is_empty());
    test.check().await.unwrap();
    assert!(!has_users(&test.options).await.unwrap());
    test.user_named("ada").await;
    assert!(has_users(&test.options).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_migrate_at_once_one_does_and_the_others_wait() {
    let database = Postgres::shared().await.database().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let options = PostgresOptions::new(database.url());
        tasks.spawn(async move {
            let applied = migrate(&options).await.unwrap().len();
            // Whoever waited finds it done.
            check_schema(&options).await.unwrap();
            applied
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1);
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_where_to_look() {
    let postgres = Postgres::start(Options::default().set("fsync", "off").with_password()).await;
    let database = postgres.database().await;
    migrate(&PostgresOptions::new(database.url())).await.unwrap();
    let store = PostgresStore::open(&PostgresOptions::new(database.url()), sealer()).await;
    store.unwrap().check().await.unwrap();

    let url = database.url();
    let (_, place) = url.split_once('@').unwrap();
    for account in ["sessrum:secret", "sessrum", "nobody:secret"] {
        let error = refusal(&PostgresOptions::new(format!("postgres://{account}@{place}"))).await;
        assert!(matches!(error, OpenError::NotLetIn { .. }), "{account}: {error:?}");
        assert_helpful(&error, "check the user and the password");
    }
}

#[tokio::test]
async fn an_encoding_that_does_not_hold_every_text_is_refused() {
    let database = migrated().await;
    let superuser = database.url().replace("sessrum@", "postgres@");
    let name = database.url().rsplit_once('/').unwrap().1.replace("test", "ascii");
    let client = connect(&superuser).await;
    let create = format!(
        "CREATE DATABASE {name} OWNER sessrum TEMPLATE template0 ENCODING SQL_ASCII \
         LOCALE 'C' LOCALE_PROVIDER libc"
    );
    client.batch_execute(&create).await.unwrap();
    let url = format!("{}/{name}", database.url().rsplit_once('/').unwrap().0);
    let options = PostgresOptions::new(url);
    let errors = [refusal(&options).await, migrate(&options).await.unwrap_err()];
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    for error in errors {
        assert!(matches!(error, OpenError::NotUtf8 { .. }), "{error:?}");
        assert_helpful(&error, "--encoding UTF8");
    }
}

#[tokio::test]
async fn a_user_who_may_make_no_tables_is_told_so() {
    let database = Postgres::shared().await.database().await;
    let superuser = connect(&database.url().replace("sessrum@", "postgres@")).await;
    let nobody = "ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM PUBLIC;
                  GRANT USAGE ON SCHEMA public TO sessrum";
    superuser.batch_execute(nobody).await.unwrap();
    let error = migrate(&PostgresOptions::new(database.url())).await.unwrap_err();
    assert!(matches!(error, OpenError::Denied { .. }), "{error:?}");
    assert_helpful(&error, "GRANT CREATE ON SCHEMA public");
}

#[tokio::test]
async fn a_server_without_a_connection_to_spare_says_so() {
    let database = migrated().await;
    let limit = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', \
                 current_database()); END $$";
    connect(&database.url()).await.batch_execute(limit).await.unwrap();
    let error = refusal(&PostgresOptions::new(database.url())).await;
    assert!(matches!(error, OpenError::TooManyConnections(_)), "{error:?}");
    assert_helpful(&error, "max_connections");
}

/// Security: 16.2.5
#[tokio::test]
async fn no_password_is_in_what_is_shown_of_options_and_stores() {
    let mut options = PostgresOptions::new("postgres://ada:secret@localhost/app");
    options.direct_url = Some("postgres://ada:secret@localhost/app".to_owned());
    assert!(!format!("{options:?}").contains("secret"));
    let test = TestStore::new().await;
    assert_eq!(format!("{:?}", test.store), "PostgresStore(…)");
}
