//! A child process that ends with us.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{error::ServerError, wait_until};

/// How long a server may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` with its output in a new file at `log`.
    ///
    /// All write at its end: what is left of a server that was killed may write to the same file
    /// yet, and would write over the reason why the next one cannot start.
    pub(super) fn spawn(mut command: Command, log: &Path) -> Result<Self, ServerError> {
        let name = command.get_program().display().to_string();
        let output = File::create(log)
            .and_then(|_| OpenOptions::new().append(true).open(log))
            .and_then(|file| Ok((file.try_clone()?, file)))
            .map_err(|error| ServerError::io(log.display(), &error))?;
        command.stdin(Stdio::null()).stdout(output.0).stderr(output.1);
        command.env("LC_ALL", "C");
        let child = spawn_from_lasting_thread(command)
            .map_err(|error| ServerError::io(format_args!("running {name}"), &error))?;
        Ok(Self { child })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn has_exited(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself.
    pub(super) fn wait(mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Asks the server to end with `signal` and waits for it; kills it if it takes too long.
    pub(super) fn stop(mut self, signal: Signal) {
        // Gone already, or not ours to signal: the kill on drop is what remains to be done.
        if kill_process(Pid::from_child(&self.child), signal).is_ok() {
            wait_until(STOP_LIMIT, || self.has_exited().then_some(()));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where the child has been waited for, and then there is nothing left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Spawns `command` from a thread that lives as long as this process.
///
/// The kernel sends the signal of `setpriv --pdeathsig` when the *thread* that spawned the child
/// ends. A test's own thread ends with the test, while a server may be shared by several.
fn spawn_from_lasting_thread(command: Command) -> io::Result<Child> {
    type Order = (Command, mpsc::Sender<io::Result<Child>>);
    static ORDERS: OnceLock<mpsc::Sender<Order>> = OnceLock::new();

    let orders = ORDERS.get_or_init(|| {
        let (sender, receiver) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, reply) in receiver {
                // A caller that stopped listening drops the reply, and its child with it.
                let _ = reply.send(command.spawn());
            }
        });
        sender
    });
    let (reply, answer) = mpsc::channel();
    let gone = "the thread that spawns servers has ended";
    orders.send((command, reply)).map_err(|_| io::Error::other(gone))?;
    answer.recv().map_err(|_| io::Error::other(gone))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_late_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let spawn = |script: &str| {
            let mut command = Command::new("sh");
            command.current_dir(folder.path()).args(["-c", script]);
            Process::spawn(command, &log).unwrap()
        };
        let late = spawn("echo begun; until [ -e go ]; do :; done; echo late");
        let begun = || std::fs::read_to_string(&log).is_ok_and(|log| log.contains("begun"));
        wait_until(STOP_LIMIT, || begun().then_some(())).unwrap();
        spawn("echo next").wait().unwrap();
        File::create(folder.path().join("go")).unwrap();
        late.wait().unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "next\nlate\n");
    }
}
