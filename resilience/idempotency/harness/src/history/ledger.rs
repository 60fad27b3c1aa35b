use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::{line, read_lines};

/// What has happened: one line for each effect, on disk before the effect counts as done.
#[derive(Debug)]
pub(crate) struct Ledger(File);

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Effect {
    pub(crate) key: String,
    pub(crate) fence: u64,
    pub(crate) nonce: String,
    pub(crate) record: String,
}

const NAME: &str = "ledger";

impl Ledger {
    /// The one in this folder, which all workers append to.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        OpenOptions::new().create(true).append(true).open(folder.join(NAME)).map(Self)
    }

    pub(crate) fn append(&mut self, effect: &Effect) -> io::Result<()> {
        self.0.write_all(line(effect)?.as_bytes())?;
        self.0.sync_data()
    }

    /// In the order in which they have happened.
    pub(crate) fn read(folder: &Path) -> io::Result<Vec<Effect>> {
        Self::open(folder)?;
        read_lines(&folder.join(NAME))
    }
}
