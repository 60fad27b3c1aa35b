use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::Signal;

use super::{
    account::{self, Account},
    error::ServerError,
    folder::Folder,
    private::Program,
    process::Process,
    programs, random,
};

/// PostgreSQL's programs, and a data folder made with them.
#[derive(Debug)]
pub(super) struct PostgresProgram {
    programs: PathBuf,
    account: Option<Account>,
    password: String,
    log: PathBuf,
    data: PathBuf,
    folder: Folder,
}

impl PostgresProgram {
    /// Makes a data folder with an administrator `postgres`, who has a password.
    ///
    /// Without one, every account of this machine could use the server to act as ours.
    pub(super) fn prepare() -> Result<Self, ServerError> {
        let programs = programs::postgres_folder(&["initdb", "postgres"]).ok_or_else(|| {
            ServerError::missing("PostgreSQL's initdb", "postgresql", "postgresql")
        })?;
        let folder = Folder::new("postgres")?;
        let prepared = Self {
            programs,
            account: Account::instead_of_root("postgres")?,
            password: random::hex(),
            log: folder.path().join("log"),
            data: folder.path().join("data"),
            folder,
        };
        prepared.make_data()?;
        Ok(prepared)
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    #[cfg(test)]
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    fn make_data(&self) -> Result<(), ServerError> {
        let password_file = self.folder.path().join("password");
        fs::write(&password_file, &self.password)
            .map_err(|error| ServerError::io(password_file.display(), &error))?;
        if let Some(account) = self.account {
            account.give(self.folder.path())?;
            account.give(&password_file)?;
        }
        let mut initdb = self.run("initdb")?;
        initdb.arg("--pgdata").arg(&self.data).arg("--pwfile").arg(&password_file);
        // Plain passwords, over loopback: a test build takes long over the proofs of SCRAM.
        initdb.args(["--username=postgres", "--auth=password"]);
        initdb.args(["--encoding=UTF8", "--no-locale"]);
        // Only the making itself goes unsynced; the server syncs as ever.
        initdb.arg("--no-sync");
        match Process::spawn(initdb, &self.log)?.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(ServerError::with_log("initdb has failed", &self.log)),
        }
    }

    fn run(&self, program: &str) -> Result<Command, ServerError> {
        let mut command = account::command(&self.programs.join(program), self.account)?;
        // The account may not be allowed where the test runs.
        command.current_dir(self.folder.path());
        Ok(command)
    }
}

impl Program for PostgresProgram {
    const NAME: &'static str = "PostgreSQL";
    /// "Fast shutdown".
    const STOP: Signal = Signal::INT;
    /// "Immediate shutdown": frees the shared memory, which a kill would leave behind.
    const ABANDON: Signal = Signal::QUIT;

    fn command(&self, port: u16) -> Result<Command, ServerError> {
        let mut command = self.run("postgres")?;
        command.arg("-D").arg(&self.data);
        let port = port.to_string();
        for (setting, value) in [
            ("listen_addresses", "127.0.0.1"),
            ("port", port.as_str()),
            // Debian's default is a folder of the system's own servers.
            ("unix_socket_directories", ""),
            // Files in the data folder, so that a killed server leaves nothing in `/dev/shm`.
            ("dynamic_shared_memory_type", "mmap"),
        ] {
            command.arg("-c").arg(format!("{setting}={value}"));
        }
        Ok(command)
    }

    fn log(&self) -> &Path {
        &self.log
    }

    /// Reads what PostgreSQL's own `pg_ctl` goes by: the eighth line of the server's lock file.
    fn serves(&self, pid: u32, _port: u16) -> bool {
        let lock = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let line = |number: usize| lock.lines().nth(number - 1).map(str::trim_end);
        line(1) == Some(pid.to_string().as_str()) && line(8) == Some("ready")
    }
}
