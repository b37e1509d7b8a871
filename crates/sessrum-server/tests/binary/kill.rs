//! Acknowledged means durable: SIGKILL in the middle of a stream of changes loses none.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::postgres::Installation;
use crate::process::{Server, SignedIn, installation};

/// Clients at once. A user may have ten sessions, and nobody is to be evicted here.
const CLIENTS: usize = 8;
/// Acknowledged changes after which the server is killed.
const CHANGES: usize = 400;

/// What a client knows of a session: what was acknowledged, and what was on its way.
struct Known {
    client: SignedIn,
    platform: Value,
    asked_platform: Option<Value>,
    signed_out: bool,
    asked_to_sign_out: bool,
}

/// Security: 7.4.1
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_during_sign_ins_switches_and_sign_outs_loses_nothing_acknowledged() {
    loses_nothing_acknowledged(installation().path()).await;
}

/// Security: 7.4.1
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_beside_postgresql_loses_nothing_acknowledged() {
    loses_nothing_acknowledged(Installation::new().await.path()).await;
}

async fn loses_nothing_acknowledged(directory: &Path) {
    let server = Server::start(directory);
    let (acknowledged, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (acknowledged, enough) = (Arc::clone(&acknowledged), Arc::clone(&enough));
            let url = server.url.clone();
            tokio::spawn(async move {
                let mut known = Vec::new();
                let count = || {
                    if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == CHANGES {
                        enough.notify_one();
                    }
                };
                // Ends when the server no longer answers.
                let _ = client(&url, number, &mut known, count).await;
                known
            })
        })
        .collect();
    enough.notified().await;
    server.kill();

    let server = Server::start(directory);
    let (mut live, mut over) = (0, 0);
    for client in clients {
        for known in client.await.unwrap() {
            let answer = known.client.at(&server.url).get("/api/session/state").await.unwrap();
            let status = answer.status().as_u16();
            let state: Value = answer.json().await.unwrap();
            if known.signed_out {
                assert_eq!((status, &state["end_reason"]), (401, &json!("logout")));
                over += 1;
            } else if status == 200 {
                let platform = &state["platform"]["id"];
                let is_known = *platform == known.platform
                    || known.asked_platform.is_some_and(|asked| *platform == asked);
                assert!(is_known, "{platform} is not {}", known.platform);
                live += 1;
            } else {
                assert!(known.asked_to_sign_out, "an acknowledged session is gone: {state}");
            }
        }
    }
    assert!(live > 0 && over > 0, "{live} live, {over} over: the stream was too short");
}

/// Clients of even numbers sign in, switch and sign out, over and over; the others stay signed in
/// and switch.
async fn client(
    url: &str,
    number: usize,
    known: &mut Vec<Known>,
    mut count: impl FnMut(),
) -> reqwest::Result<()> {
    let http = reqwest::Client::new();
    loop {
        let client = SignedIn::ada(&http, url).await?;
        count();
        let platform = client.state["platform"]["id"].clone();
        known.push(Known {
            client: client.clone(),
            platform,
            asked_platform: None,
            signed_out: false,
            asked_to_sign_out: false,
        });
        let this = known.last_mut().unwrap();
        let stays = !number.is_multiple_of(2);
        for step in 0..if stays { usize::MAX } else { 3 } {
            let wanted = json!((number + step) % 3 + 1);
            this.asked_platform = Some(wanted.clone());
            let input = json!({ "platform_id": wanted });
            client.post("/api/session/platform", input).await?.error_for_status()?;
            this.platform = wanted;
            count();
        }
        this.asked_to_sign_out = true;
        client.post("/api/logout", json!({})).await?.error_for_status()?;
        this.signed_out = true;
        count();
    }
}
