//! The account a server runs under.

use std::{os::unix::fs::chown, path::Path, process::Command};

use super::{error::ServerError, programs};

/// Another account of this machine, for a server that refuses to run as root.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    name: &'static str,
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` where we are not root and the server can run as we do.
    pub(super) fn instead_of_root(name: &'static str) -> Result<Option<Self>, ServerError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let (uid, gid) = (id("-u", name)?, id("-g", name)?);
        Ok(Some(Self { name, uid, gid }))
    }

    pub(super) fn give(self, path: &Path) -> Result<(), ServerError> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(|error| {
            ServerError::io(format_args!("giving {} to {}", path.display(), self.name), &error)
        })
    }
}

/// `program` under `account`, and killed when this process ends, however it ends.
///
/// `setpriv` does both and then becomes the program, so the child's id is the server's own. Only
/// Linux has it; elsewhere a killed test leaves its server running.
pub(super) fn command(program: &Path, account: Option<Account>) -> Result<Command, ServerError> {
    let Some(setpriv) = programs::on_path("setpriv") else {
        return match account {
            None => Ok(Command::new(program)),
            Some(_) => Err(ServerError::missing("setpriv", "util-linux", "util-linux")),
        };
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "KILL"]);
    if let Some(Account { uid, gid, .. }) = account {
        command.args([format!("--reuid={uid}"), format!("--regid={gid}")]);
        command.arg("--init-groups");
    }
    command.arg("--").arg(program);
    Ok(command)
}

fn id(which: &str, name: &str) -> Result<u32, ServerError> {
    let answer = Command::new("id")
        .args([which, name])
        .output()
        .map_err(|error| ServerError::io("running `id`", &error))?;
    String::from_utf8_lossy(&answer.stdout).trim().parse().map_err(|_| {
        ServerError::new(format!(
            "root may not run this server, and there is no account `{name}` to run it under"
        ))
    })
}
