//! Tests that are programs of their own, since another test kills them.

use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) struct Program(Child);

impl Program {
    /// Runs an ignored test of this crate in a directory.
    pub(crate) fn start(test: &str, directory: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([test, "--exact", "--ignored", "--nocapture"]).current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        Self(command.spawn().unwrap())
    }

    /// What the test said.
    pub(crate) fn says(&mut self) -> String {
        let mut lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let said = lines.find_map(|line| Some(line.unwrap().strip_prefix("says ")?.to_owned()));
        said.unwrap()
    }

    /// Kills it with all processes of its group.
    pub(crate) fn kill(mut self) {
        let group = format!("-{}", self.0.id());
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
        self.0.wait().unwrap();
    }

    /// Says something to the test that runs this one, and waits to be killed.
    pub(crate) fn say(word: impl Display) {
        println!("\nsays {word}");
        let _ = std::io::stdin().read(&mut [0]);
    }
}
