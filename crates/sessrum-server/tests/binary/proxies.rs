//! What the program says of proxies, when it starts and when it looks at itself.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::process::{Server, installation, sessrum};

/// A command for a site at this address that trusts these proxies.
fn at(public_url: &str, proxies: &str, arguments: &[&str], directory: &Path) -> Command {
    let mut command = sessrum(arguments);
    command
        .current_dir(directory)
        .env("SESSRUM_PUBLIC_URL", public_url)
        .env("SESSRUM_PASSWORD__MEMORY_KIB", "19456")
        .env("SESSRUM_PASSWORD__PASSES", "2")
        .env("SESSRUM_TRUSTED_PROXIES", proxies);
    command
}

/// Security: 4.1.3
#[test]
fn an_https_site_that_trusts_no_proxy_is_warned_about_once() {
    let directory = installation();
    for (public_url, proxies, warnings, state) in [
        ("https://sessions.example", "", 1, "warning"),
        ("https://sessions.example", "127.0.0.1, ::1", 0, "ok"),
        ("http://127.0.0.1:8080", "", 0, "ok"),
    ] {
        let at = |arguments| at(public_url, proxies, arguments, directory.path());
        let server = Server::spawn(&mut at(&["serve", "--listen", "127.0.0.1:0"]));
        server.terminate();
        let (_, log) = server.wait();
        let said = log.matches("no proxy is trusted").count();
        assert_eq!(said, warnings, "{public_url} {proxies}: {log}");

        let found = at(&["doctor", "--json"]).output().unwrap();
        assert!(found.status.success());
        let checks: Value = serde_json::from_slice(&found.stdout).unwrap();
        let mut checks = checks.as_array().unwrap().iter();
        let check = checks.find(|check| check["name"] == "proxies").unwrap();
        assert_eq!(check["state"], state, "{check}");
        let advises = check["message"].as_str().unwrap().contains("Name it in trusted_proxies");
        assert_eq!(advises, state == "warning", "{check}");
    }
}

/// Security: 4.1.3
#[test]
fn trusting_everyone_is_warned_about() {
    let directory = installation();
    let told = "whoever sends X-Forwarded-For chooses their own";
    for (proxies, warns) in [("0.0.0.0/0", true), ("127.0.0.1, ::/0", true), ("10.0.0.0/8", false)]
    {
        let at = |arguments| at("https://sessions.example", proxies, arguments, directory.path());
        let checked = at(&["config", "check"]).output().unwrap();
        let said = String::from_utf8(checked.stderr).unwrap();
        assert!(checked.status.success(), "{said}");
        assert_eq!(said.contains(told), warns, "{proxies}: {said}");

        let found = at(&["doctor", "--json"]).output().unwrap();
        let checks: Value = serde_json::from_slice(&found.stdout).unwrap();
        let mut checks = checks.as_array().unwrap().iter();
        let check = checks.find(|check| check["name"] == "proxies").unwrap();
        assert_eq!(check["state"], if warns { "warning" } else { "ok" }, "{check}");
        assert_eq!(check["message"].as_str().unwrap().contains(told), warns, "{check}");

        let server = Server::spawn(&mut at(&["serve", "--listen", "127.0.0.1:0"]));
        server.terminate();
        let (_, log) = server.wait();
        assert_eq!(log.matches(told).count(), usize::from(warns), "{proxies}: {log}");
    }
}
