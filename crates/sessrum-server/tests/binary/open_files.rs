//! Each connection is an open file.

use std::process::Command;

use crate::process::{Server, installation};

#[cfg(target_os = "linux")]
#[test]
fn a_server_takes_as_many_open_files_as_the_system_allows() {
    let directory = installation();
    let script = "ulimit -Sn 64 && ulimit -Hn 700 && exec \"$0\" serve --listen 127.0.0.1:0";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_sessrum")]);
    let server = Server::spawn(command.env_clear().current_dir(directory.path()));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(open_files.split_whitespace().nth(3), Some("700"), "{open_files}");
}
