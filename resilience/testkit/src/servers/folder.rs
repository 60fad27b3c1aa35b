//! A folder that goes with us.

use std::{
    fs::Permissions,
    io,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::error::ServerError;

/// A new folder that no other account of this machine can look into. It is removed when this is
/// dropped, and also when this process ends without dropping it.
#[derive(Debug)]
pub(super) struct Folder {
    // In this order: who waits for our end finds nothing left to remove.
    folder: TempDir,
    _remover: Remover,
}

impl Folder {
    pub(super) fn new(server: &str) -> Result<Self, ServerError> {
        let make = || {
            let folder = tempfile::Builder::new()
                .prefix(&format!("mainstay-{server}-"))
                .permissions(Permissions::from_mode(0o700))
                .tempdir()?;
            let remover = Remover::of(folder.path())?;
            Ok(Self { folder, _remover: remover })
        };
        let named =
            |error: io::Error| ServerError::io(format_args!("a data folder for {server}"), &error);
        make().map_err(named)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A process that removes a folder when this is dropped, or when this process has ended: its
/// standard input ends then.
#[derive(Debug)]
struct Remover(Child);

/// What is left of a killed server may still make files in it, for a moment.
const SCRIPT: &str = r#"
while read -r line; do :; done
tries=0
until rm -rf -- "$0" || [ $((tries += 1)) -ge 100 ]; do sleep 0.1; done
"#;

impl Remover {
    fn of(folder: &Path) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).arg(folder).current_dir("/");
        // What ends the tests by the keyboard is not for this one, and who waits for the end of
        // their output does not wait for it.
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        command.stdin(Stdio::piped()).spawn().map(Self)
    }
}

impl Drop for Remover {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It fails only where it has been waited for.
        let _ = self.0.wait();
    }
}
