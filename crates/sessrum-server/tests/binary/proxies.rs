//! What the program says of proxies when it starts.

use crate::process::{Server, installation, sessrum};

/// Security: 4.1.3
#[test]
fn an_https_site_that_trusts_no_proxy_is_warned_about_once() {
    let directory = installation();
    for (public_url, proxies, warnings) in [
        ("https://sessions.example", "", 1),
        ("https://sessions.example", "127.0.0.1, ::1", 0),
        ("http://127.0.0.1:8080", "", 0),
    ] {
        let mut command = sessrum(&["serve", "--listen", "127.0.0.1:0"]);
        let command = command.current_dir(directory.path());
        let command = command.env("SESSRUM_PUBLIC_URL", public_url);
        let command = command.env("SESSRUM_PASSWORD__MEMORY_KIB", "19456");
        let command = command.env("SESSRUM_PASSWORD__PASSES", "2");
        let server = Server::spawn(command.env("SESSRUM_TRUSTED_PROXIES", proxies));
        server.terminate();
        let (_, log) = server.wait();
        let said = log.matches("no proxy is trusted").count();
        assert_eq!(said, warnings, "{public_url} {proxies}: {log}");
    }
}
