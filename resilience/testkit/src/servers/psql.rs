use std::process::{Command, Stdio};

use super::{error::ServerError, programs};

/// Runs one statement as its own transaction, with PostgreSQL's own client.
pub(super) fn run(url: &str, statement: &str) -> Result<(), ServerError> {
    let program = programs::on_path("psql")
        .or_else(|| Some(programs::postgres_folder(&["psql"])?.join("psql")))
        .ok_or_else(|| ServerError::missing("psql", "postgresql-client", "libpq"))?;
    let answer = Command::new(program)
        .args(["--no-psqlrc", "--quiet", "--no-password", "--command", statement, url])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ServerError::io("running psql", &error))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    Err(ServerError::new(format!("psql could not run `{statement}`: {}", said.trim())))
}
