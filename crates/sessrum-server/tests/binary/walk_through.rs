//! The README's walk-through is run as it is written.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{Server, repository, sessrum};

/// The shell blocks of a section of the README, joined.
fn shell_of(section: &str) -> String {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("## {section}\n")).unwrap();
    let text = rest.split("\n## ").next().unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.collect()
}

#[test]
fn the_walk_through_of_the_readme_passes() {
    let script = shell_of("A walk-through with curl");
    assert!(script.contains("/api/logout"));
    let directory = tempfile::tempdir().unwrap();
    let mut demo = sessrum(&["demo", "--listen", "127.0.0.1:0", "--print-json"]);
    let demo = demo.current_dir(directory.path()).stdout(Stdio::piped());
    let mut server = Server::spawn(demo);
    let printed: Value = serde_json::from_str(&server.first_line()).unwrap();
    assert_eq!(printed["url"], server.url);
    let users = printed["users"].as_array().unwrap();
    let reviewer = users.iter().find(|user| user["username"] == "reviewer").unwrap();

    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(directory.path())
        .env("SITE", &server.url)
        .env("PASSWORD", reviewer["password"].as_str().unwrap())
        .output()
        .unwrap();
    let (data, talk) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{data}\n{talk}");
    assert!(data.contains("\"platform_type\":\"mastodon\""), "{data}");
    // Who expects an older revision of a key is told, and curl says so by failing.
    assert!(
        data.contains("\"code\":\"revision_conflict\"") && data.contains("}\nrefused\n"),
        "{data}"
    );
    assert!(data.trim_end().ends_with("401"), "{data}");
}
