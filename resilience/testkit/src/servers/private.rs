//! A server of the test's own, whatever it serves.

use std::{path::Path, process::Command, time::Duration};

use rustix::process::Signal;

use super::{error::ServerError, free_port, process::Process, wait_until};

/// How long a server may take until it serves.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a restart waits for the port and the memory of the server before it.
const BUSY_LIMIT: Duration = Duration::from_secs(30);
/// How many ports are tried when another process is faster.
const PORT_TRIES: u32 = 5;

/// What one kind of server needs: how to run it, and how to see that it serves.
pub(super) trait Program {
    const NAME: &'static str;
    /// The signal that makes it finish what it does, write everything down and end.
    const STOP: Signal;
    /// The signal that makes it end at once and still tidy up after itself.
    const ABANDON: Signal;

    fn command(&self, port: u16) -> Result<Command, ServerError>;
    fn log(&self) -> &Path;
    fn serves(&self, pid: u32, port: u16) -> bool;
}

#[derive(Debug)]
pub(super) struct Private<P: Program> {
    process: Option<Process>,
    port: u16,
    // Last, because it owns the folder that the process writes to.
    program: P,
}

impl<P: Program> Private<P> {
    pub(super) fn start(program: P) -> Result<Self, ServerError> {
        let mut tries = 0;
        loop {
            let port = free_port()?;
            tries += 1;
            match launch(&program, port) {
                Ok(process) => return Ok(Self { process: Some(process), port, program }),
                Err(error) if error.is_busy() && tries < PORT_TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop(P::STOP);
        }
    }

    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    pub(super) fn restart(&mut self) -> Result<(), ServerError> {
        self.stop();
        // After a kill the server's own children may need a moment to notice.
        let launched = wait_until(BUSY_LIMIT, || match launch(&self.program, self.port) {
            Err(error) if error.is_busy() => None,
            done => Some(done),
        });
        let busy = || {
            ServerError::with_log(format_args!("{} cannot restart", P::NAME), self.program.log())
        };
        self.process = Some(launched.unwrap_or_else(|| Err(busy()))?);
        Ok(())
    }
}

impl<P: Program> Drop for Private<P> {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop(P::ABANDON);
        }
    }
}

/// Runs the server and waits until it serves.
fn launch<P: Program>(program: &P, port: u16) -> Result<Process, ServerError> {
    let mut process = Process::spawn(program.command(port)?, program.log())?;
    let serves = wait_until(START_LIMIT, || {
        if process.has_exited() {
            return Some(false);
        }
        program.serves(process.id(), port).then_some(true)
    });
    let what = match serves {
        Some(true) => return Ok(process),
        Some(false) => "ended instead of serving",
        None => "does not serve in time",
    };
    Err(ServerError::with_log(format_args!("{} {what}", P::NAME), program.log()))
}
