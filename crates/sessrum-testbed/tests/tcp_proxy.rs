//! The proxy that breaks the network.

#![cfg(test)]

use std::net::SocketAddr;

use sessrum_testbed::{TcpProxy, Way};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that says what it hears, until the client has no more to say.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

async fn hears(stream: &mut TcpStream, word: &str) -> bool {
    let mut heard = vec![0; word.len()];
    stream.read_exact(&mut heard).await.is_ok() && heard == word.as_bytes()
}

#[tokio::test]
async fn it_carries_and_counts() {
    let proxy = TcpProxy::start(echo().await).await;
    let mut one = TcpStream::connect(proxy.address()).await.unwrap();
    let mut two = TcpStream::connect(proxy.address()).await.unwrap();
    for (stream, word) in [(&mut one, "one"), (&mut two, "three")] {
        stream.write_all(word.as_bytes()).await.unwrap();
        assert!(hears(stream, word).await);
    }
    assert_eq!((proxy.bytes(Way::ToServer), proxy.bytes(Way::ToClient)), (8, 8));
}

#[tokio::test]
async fn who_has_said_everything_still_hears() {
    let proxy = TcpProxy::start(echo().await).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"last words").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "last words");
}

#[tokio::test]
async fn a_cut_ends_all_connections_and_takes_new_ones() {
    let proxy = TcpProxy::start(echo().await).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"word").await.unwrap();
        assert!(hears(&mut stream, "word").await);
        streams.push(stream);
    }
    proxy.cut().await;
    for stream in &mut streams {
        assert!(!hears(stream, "word").await);
    }
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"word").await.unwrap();
    assert!(hears(&mut stream, "word").await);
}

#[tokio::test]
async fn it_refuses_new_connections_and_keeps_those_there_are() {
    let mut proxy = TcpProxy::start(echo().await).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"before").await.unwrap();
    assert!(hears(&mut stream, "before").await);

    proxy.refuse().await;
    assert!(TcpStream::connect(proxy.address()).await.is_err());
    stream.write_all(b"after").await.unwrap();
    assert!(hears(&mut stream, "after").await);

    proxy.accept().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"again").await.unwrap();
    assert!(hears(&mut stream, "again").await);
}

#[tokio::test]
async fn a_stall_holds_one_way_back() {
    for way in [Way::ToServer, Way::ToClient] {
        let proxy = TcpProxy::start(echo().await).await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"one").await.unwrap();
        assert!(hears(&mut stream, "one").await);

        proxy.stall(way);
        stream.write_all(b"two").await.unwrap();
        proxy.held(way).await;
        assert!(stream.try_read(&mut [0]).is_err(), "nothing came");
        let forth = if way == Way::ToServer { 3 } else { 6 };
        assert_eq!((proxy.bytes(Way::ToServer), proxy.bytes(Way::ToClient)), (forth, 3));

        proxy.resume(way);
        assert!(hears(&mut stream, "two").await);
    }
}

#[tokio::test]
async fn a_server_that_is_away_closes_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let away = listener.local_addr().unwrap();
    drop(listener);
    let proxy = TcpProxy::start(away).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(!hears(&mut stream, "word").await);
}
