use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::account;

/// A server's process. It ends when this is dropped, and when the test is killed.
pub(crate) struct Process {
    id: u32,
    /// The name of the signal that ends it at once.
    end: &'static str,
    waiting: Option<JoinHandle<ExitStatus>>,
}

impl Process {
    /// Starts a program in a directory, where its output goes to the file `log`.
    pub(crate) fn start(
        program: &Path,
        arguments: &[String],
        directory: &Path,
        end: &'static str,
    ) -> Self {
        let log = File::options().create(true).append(true).open(directory.join("log")).unwrap();
        let mut command = account::command("setpriv", directory);
        command
            .args(["--pdeathsig", end, "--"])
            .arg(program)
            .args(arguments)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            // Ended by this alone, and not by what a terminal sends to the test.
            .process_group(0);
        let (started, start) = mpsc::channel();
        // The kernel ends the process with the thread that started it, so that one stays.
        let waiting = thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            started.send(child.id()).unwrap();
            child.wait().unwrap()
        });
        Self { id: start.recv().unwrap(), end, waiting: Some(waiting) }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.waiting.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Sends a signal, given by its name, and waits for the end.
    pub(crate) fn stop(&mut self, signal: &str) {
        let Some(waiting) = self.waiting.take() else { return };
        if !waiting.is_finished() {
            let id = self.id.to_string();
            Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        }
        let _ = waiting.join();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop(self.end);
    }
}

/// What a server in a directory said so far.
pub(crate) fn log(directory: &Path) -> String {
    fs::read_to_string(directory.join("log")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;
    use crate::wait;

    #[test]
    fn it_ends_with_the_killed_test() {
        let directory = tempfile::tempdir().unwrap();
        let mut test = Program::start("process::tests::test", directory.path());
        let status = format!("/proc/{}/status", test.says());
        assert!(fs::exists(&status).unwrap());
        test.kill();
        assert!(wait::until_ready(|| !fs::exists(&status).unwrap()));
    }

    #[test]
    #[ignore = "a program that another test kills"]
    fn test() {
        let sleep = Process::start(Path::new("sleep"), &["600".to_owned()], Path::new("."), "TERM");
        let name = format!("/proc/{}/comm", sleep.id);
        // Before it is `sleep`, it has not yet asked to be ended with this one.
        assert!(wait::until_ready(|| fs::read_to_string(&name).unwrap() == "sleep\n"));
        Program::say(sleep.id);
    }
}
