use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    account,
    error::ServerError,
    private::{Program, data_folder},
    programs, random,
};

/// The server program, and a data folder with its configuration.
#[derive(Debug)]
pub(super) struct RedisProgram {
    program: PathBuf,
    password: String,
    log: PathBuf,
    configuration: PathBuf,
    folder: TempDir,
}

impl RedisProgram {
    pub(super) fn prepare() -> Result<Self, ServerError> {
        let program = programs::on_path("redis-server")
            .ok_or_else(|| ServerError::missing("redis-server", "redis-server", "redis"))?;
        let folder = data_folder("redis")?;
        let prepared = Self {
            program,
            password: random::hex(),
            log: folder.path().join("log"),
            configuration: folder.path().join("redis.conf"),
            folder,
        };
        // A file, because every account of this machine can read the arguments of a process.
        //
        // `appendfsync no` writes each change to the system before the answer goes out, and leaves
        // it to the system when the disk gets it: enough for a crash of the server alone.
        let configuration = format!(
            "bind 127.0.0.1\nrequirepass {}\nappendonly yes\nappendfsync no\n",
            prepared.password
        );
        fs::write(&prepared.configuration, configuration)
            .map_err(|error| ServerError::io(prepared.configuration.display(), &error))?;
        Ok(prepared)
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Asks for a sign of life. Only our own server knows the password.
    fn ping(&self, port: u16) -> io::Result<bool> {
        const PATIENCE: Duration = Duration::from_secs(1);
        const ALIVE: &[u8] = b"+OK\r\n+PONG\r\n";
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "AUTH {}\r\nPING\r\n", self.password)?;
        let mut answer = [0; ALIVE.len()];
        stream.read_exact(&mut answer)?;
        Ok(answer == ALIVE)
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
        self.ping(port).unwrap_or(false)
    }
}
