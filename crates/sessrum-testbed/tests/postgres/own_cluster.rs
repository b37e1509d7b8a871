use std::process::Command;

use sessrum_testbed::{Options, Postgres};
use tokio_postgres::NoTls;

use crate::{connect, text};

#[tokio::test]
async fn what_is_committed_outlives_a_crash() {
    let mut cluster = Postgres::start(Options::default()).await;
    let database = cluster.database().await;
    let client = connect(&database.url()).await;
    assert_eq!(text(&client, "SHOW fsync").await, "on");
    client.batch_execute("CREATE TABLE things (id bigint)").await.unwrap();

    cluster.crash().await;
    assert!(client.batch_execute("SELECT 1").await.is_err());
    assert!(tokio_postgres::connect(&database.url(), NoTls).await.is_err());

    cluster.start_again().await;
    let client = connect(&database.url()).await;
    client.batch_execute("SELECT * FROM things").await.unwrap();
}

#[tokio::test]
async fn a_setting_is_changed_while_it_is_stopped() {
    let mut cluster = Postgres::start(Options::default().set("max_connections", "20")).await;
    let database = cluster.database().await;
    let setting = "SHOW max_connections";
    let client = connect(&database.url()).await;
    assert_eq!(text(&client, setting).await, "20");

    cluster.stop().await;
    assert!(client.batch_execute("SELECT 1").await.is_err());
    cluster.set("max_connections", "30");
    cluster.start_again().await;
    assert_eq!(text(&connect(&database.url()).await, setting).await, "30");
}

#[tokio::test]
async fn nobody_comes_in_without_tls_and_the_password() {
    let cluster = Postgres::start(Options::default().with_tls().with_password()).await;
    let database = cluster.database().await;
    let url = database.url();
    assert!(url.ends_with("?sslmode=require"), "{url}");
    let certificate = cluster.certificate();
    let full = url.replace("=require", "=verify-full");
    let ask = |url: &str| {
        Command::new("psql")
            .args(["--no-psqlrc", "--no-password", "--command", "SELECT 1", url])
            .env("PGSSLROOTCERT", &certificate)
            .output()
            .unwrap()
    };
    let answer = |url: &str| String::from_utf8(ask(url).stderr).unwrap();
    assert_eq!(answer(&full), "", "the certificate is for the address");
    assert!(answer(&url.replace("=require", "=disable")).contains("no encryption"));
    assert!(answer(&full.replace(":correct-horse", "")).contains("no password supplied"));
    assert!(answer(&full.replace(":correct-horse", ":wrong")).contains("authentication failed"));
}

#[tokio::test]
async fn a_dropped_one_leaves_nothing() {
    let cluster = Postgres::start(Options::default()).await;
    let directory = cluster.certificate().parent().unwrap().to_owned();
    assert!(directory.join("data").is_dir());
    let address = cluster.address();
    drop(cluster);
    assert!(!directory.exists());
    assert!(std::net::TcpListener::bind(address).is_ok());
}
