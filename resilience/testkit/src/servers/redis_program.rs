use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::Signal;

use super::{
    account, error::ServerError, folder::Folder, private::Program, programs, random, redis_ask,
};

/// The server program, and a data folder with its configuration.
#[derive(Debug)]
pub(super) struct RedisProgram {
    program: PathBuf,
    password: String,
    log: PathBuf,
    configuration: PathBuf,
    folder: Folder,
}

impl RedisProgram {
    pub(super) fn prepare() -> Result<Self, ServerError> {
        Self::with(random::hex(), "")
    }

    /// A node that other nodes of the same password can be made to meet. The port between nodes is
    /// the server's own and 10000.
    pub(super) fn prepare_node(password: &str) -> Result<Self, ServerError> {
        Self::with(password.to_owned(), "cluster-enabled yes\ncluster-node-timeout 5000\n")
    }

    fn with(password: String, more: &str) -> Result<Self, ServerError> {
        let program = programs::on_path("redis-server")
            .ok_or_else(|| ServerError::missing("redis-server", "redis-server", "redis"))?;
        let folder = Folder::new("redis")?;
        let prepared = Self {
            program,
            password,
            log: folder.path().join("log"),
            configuration: folder.path().join("redis.conf"),
            folder,
        };
        // A file, because every account of this machine can read the arguments of a process.
        //
        // `appendfsync no` writes each change to the system before the answer goes out, and leaves
        // it to the system when the disk gets it: enough for a crash of the server alone.
        let configuration = format!(
            "bind 127.0.0.1\nrequirepass {}\nappendonly yes\nappendfsync no\n{more}",
            prepared.password
        );
        fs::write(&prepared.configuration, configuration)
            .map_err(|error| ServerError::io(prepared.configuration.display(), &error))?;
        Ok(prepared)
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }
}

impl Program for RedisProgram {
    const NAME: &'static str = "Redis";
    const STOP: Signal = Signal::TERM;
    /// It leaves nothing behind outside its folder.
    const ABANDON: Signal = Signal::KILL;

    fn command(&self, port: u16) -> Result<Command, ServerError> {
        let mut command = account::command(&self.program, None)?;
        command.current_dir(self.folder.path());
        command.arg(&self.configuration).arg("--port").arg(port.to_string());
        Ok(command)
    }

    fn log(&self) -> &Path {
        &self.log
    }

    fn serves(&self, _pid: u32, port: u16) -> bool {
        // Only our own server knows the password.
        redis_ask::ask(port, &self.password, &["PING"]).is_ok_and(|answer| answer == "+PONG")
    }
}
