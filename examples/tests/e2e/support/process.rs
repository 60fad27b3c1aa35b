use std::fs::File;
use std::process::{Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::eventually;

const LOG: &str = "log";

/// A program of this package that runs and has said where it listens.
pub(crate) struct Process {
    child: Child,
    line: String,
    /// Where it runs: its log is there, and whatever it writes by default.
    folder: TempDir,
}

impl Process {
    /// Starts a program and waits for its line.
    pub(crate) async fn start(program: &str, arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let log = File::create(folder.path().join(LOG)).unwrap();
        let command = command(program, arguments, &folder);
        let child = tokio::process::Command::from(command)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut process = Self { child, line: String::new(), folder };
        let stdout = process.child.stdout.take().unwrap();
        let line = BufReader::new(stdout).lines().next_line().await.unwrap();
        process.line = line.expect("the program ended before it listened");
        process
    }

    /// A word of the line, as `http=…`.
    pub(crate) fn address(&self, name: &str) -> String {
        assert!(self.line.starts_with("listening "), "{}", self.line);
        let words = self.line.split(' ').filter_map(|word| word.split_once('='));
        words.clone().find(|(key, _)| *key == name).expect("an address by that name").1.to_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("a running process");
        kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for the process to end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the end of the process", async || child.try_wait().unwrap()).await
    }

    /// Ends it without a warning, as a crash would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// What a program had to say matters when its test fails.
impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default();
            eprintln!("{log}");
        }
    }
}

/// Runs a program to its end.
pub(crate) fn output_of(program: &str, arguments: &[&str]) -> Output {
    command(program, arguments, &TempDir::new().unwrap()).output().unwrap()
}

/// The program with these flags, and no flag from the environment of the tests.
fn command(program: &str, arguments: &[&str], folder: &TempDir) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
    for (name, _) in std::env::vars() {
        if name.starts_with("ORDERS_") || name.starts_with("PAYMENTS_") {
            command.env_remove(name);
        }
    }
    command
}
