//! The program where clocks show another time than UTC.

use serde_json::{Value, json};
use sessrum_core::{Clock as _, SystemClock};

use crate::process::{Server, SignedIn, installation, sessrum};

/// Fault 12: naive times made sessions expire at once in other time zones.
#[tokio::test]
async fn a_fresh_session_lives_and_times_are_utc_in_every_zone() {
    for zone in ["Pacific/Kiritimati", "America/Los_Angeles"] {
        let directory = installation();
        let command = |arguments: &[&str]| {
            let mut command = sessrum(arguments);
            command.current_dir(directory.path()).env("TZ", zone);
            command
        };
        let json_of = |arguments: &[&str]| -> Value {
            serde_json::from_slice(&command(arguments).output().unwrap().stdout).unwrap()
        };
        let before = SystemClock.now().as_micros();
        let server = Server::spawn(&mut command(&["serve", "--listen", "127.0.0.1:0"]));
        let client = SignedIn::ada(&reqwest::Client::new(), &server.url).await.unwrap();
        let nothing = json!({"expired": 0, "purged": 0, "shortened": 0});
        assert_eq!(json_of(&["cleanup", "--json"]), nothing, "{zone}");
        let answer = client.get("/api/session/state").await.unwrap();
        assert_eq!(answer.status(), 200, "{zone}");
        let state: Value = answer.json().await.unwrap();
        let shown = json_of(&["session", "show", client.handle(), "--json"]);
        let after = SystemClock.now().as_micros();
        for stated in [&state["server_time"], &state["session"]["created_at"], &shown["created_at"]]
        {
            let stated = stated.as_str().unwrap();
            let moment = stated.parse::<jiff::Timestamp>().unwrap().as_microsecond();
            let is_now = (before..=after).contains(&moment);
            assert!(is_now && stated.ends_with('Z'), "{zone}: {stated}");
        }
    }
}
