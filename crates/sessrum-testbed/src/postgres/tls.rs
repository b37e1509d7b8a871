use std::path::Path;
use std::process::Stdio;

use crate::account;

pub(super) const CERTIFICATE: &str = "server.crt";
pub(super) const KEY: &str = "server.key";

/// It signs itself, and is no authority: that is what a client can trust and be shown.
const REQUEST: &str = "\
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:localhost,IP:127.0.0.1
";

/// Puts a certificate for this machine and its key into a directory.
pub(super) fn certify(directory: &Path) {
    account::write(&directory.join("request.cnf"), REQUEST);
    let output = account::command("openssl", directory)
        .args(["req", "-x509", "-config", "request.cnf", "-days", "2", "-nodes"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-keyout", KEY, "-out", CERTIFICATE])
        .stderr(Stdio::piped())
        .output()
        .expect("OpenSSL's command is missing: apt install openssl");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}
