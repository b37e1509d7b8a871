//! nginx in front of several instances.

#![cfg(test)]

use std::net::SocketAddr;

use sessrum_testbed::{Nginx, Port};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// An instance that answers each request with its own name and the lines it was sent, and goes on
/// with the answer for as long as it is connected.
async fn instance(address: SocketAddr, name: &'static str) -> AbortHandle {
    let listener = TcpListener::bind(address).await.unwrap();
    let serving = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let (from, mut to) = stream.split();
            let mut lines = BufReader::new(from).lines();
            let mut said = format!("name: {name}\n");
            while let Some(line) = lines.next_line().await.unwrap().filter(|line| !line.is_empty())
            {
                said.extend([&line.to_lowercase(), "\n"]);
            }
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
            to.write_all(format!("{head}{said}end\n").as_bytes()).await.unwrap();
            open.push(stream);
        }
    });
    serving.abort_handle()
}

/// What the instance that is asked says, read while its answer has no end yet.
async fn ask(nginx: &Nginx) -> Vec<String> {
    let mut stream = TcpStream::connect(nginx.address()).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: site.example:8080\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut said = Vec::new();
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if line == "end" {
            return said;
        }
        said.push(line);
    }
}

async fn names(nginx: &Nginx, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        let said = ask(nginx).await;
        names.extend(said.iter().filter_map(|line| line.strip_prefix("name: ")).map(str::to_owned));
    }
    names
}

#[tokio::test]
async fn instances_take_turns_also_when_one_is_away() {
    let ports = [Port::free(), Port::free(), Port::free()];
    let [one, two, three] = ports.each_ref().map(Port::address);
    let _first = instance(one, "one").await;
    let second = instance(two, "two").await;
    let _third = instance(three, "three").await;
    let nginx = Nginx::start(&[one, two, three]).await;
    assert_eq!(names(&nginx, 6).await, ["one", "two", "three", "one", "two", "three"]);

    second.abort();
    let without = names(&nginx, 6).await;
    assert!(without.iter().all(|name| name != "two"), "{without:?}");

    let _second = instance(two, "two").await;
    let again = names(&nginx, 6).await;
    assert_eq!(again.iter().filter(|name| *name == "two").count(), 2, "{again:?}");
}

#[tokio::test]
async fn it_says_for_whom_it_asks() {
    let port = Port::free();
    let _one = instance(port.address(), "one").await;
    let nginx = Nginx::start(&[port.address()]).await;
    let said = ask(&nginx).await;
    for line in [
        "host: site.example:8080",
        "x-forwarded-for: 192.0.2.7, 127.0.0.1",
        "x-forwarded-proto: http",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} is not in {said:?}");
    }
}

/// Who reads how to do it does what the tests do.
#[test]
fn the_documentation_has_the_same_way_to_the_instances() {
    let documentation = include_str!("../../../docs/postgresql.md");
    let lines = include_str!("../src/nginx.conf").lines().map(str::trim);
    let mut lines = lines.skip_while(|line| *line != "proxy_http_version 1.1;");
    let missing = lines
        .by_ref()
        .take_while(|line| *line != "}")
        .find(|line| !documentation.lines().any(|said| said.trim() == *line));
    assert_eq!(missing, None);
}
