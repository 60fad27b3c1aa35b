//! A store of files, to see whether a round finds what is wrong: with a flaw, it has to be found.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fence, Held, Promise, Renewal, Store, StoreError,
};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::hex;
use crate::history::micros;

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[non_exhaustive]
pub enum Flaw {
    /// Looks whether the key is free, and claims it in a second step.
    GetThenSet,
    /// Completes for whoever asks.
    NoFenceCompare,
    /// Releases for whoever asks.
    ReleaseWithoutOwner,
    /// Renews what was completed.
    RevivingRenewal,
    /// Begins to count fences anew with each claim that finds nothing.
    FenceForgotten,
    /// Does not know its own nonce again.
    NonceForgotten,
}

/// One file for each key, behind a lock.
#[derive(Debug)]
pub(crate) struct FileStore {
    folder: PathBuf,
    flaw: Option<Flaw>,
}

/// What is in a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Entry {
    is_held: bool,
    nonce: String,
    fence: u64,
    taken_over: bool,
    fingerprint: String,
    record: Option<String>,
    lease_until: u64,
    keep: u64,
    expires: u64,
}

impl FileStore {
    pub(crate) fn new(folder: &Path, flaw: Option<Flaw>) -> Self {
        Self { folder: folder.to_owned(), flaw }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn path(&self, key: mainstay_idempotency::Key) -> PathBuf {
        self.folder.join(key.to_string())
    }

    fn lock(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(self.folder.join("lock"))?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    }

    /// What is under the key; all of it empty if nothing is.
    fn read(&self, key: mainstay_idempotency::Key) -> io::Result<Entry> {
        let mut entry = match fs::read_to_string(self.path(key)) {
            Ok(text) => serde_json::from_str(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Entry::default(),
            Err(error) => return Err(error),
        };
        if entry.expires <= micros() {
            entry = Entry { fence: entry.fence, ..Entry::default() };
        }
        Ok(entry)
    }

    /// A rename, so that a kill leaves either the one or the other.
    fn write(&self, key: mainstay_idempotency::Key, entry: &Entry) -> io::Result<()> {
        let new = self.folder.join(format!("{key}.{}", std::process::id()));
        fs::write(&new, serde_json::to_string(entry)?)?;
        fs::rename(new, self.path(key))
    }

    async fn claimed(&self, claim: &Claim) -> io::Result<Claimed> {
        let mut lock = Some(self.lock()?);
        let mut entry = self.read(claim.key)?;
        if self.has(Flaw::GetThenSet) {
            lock = None;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let now = micros();
        let (nonce, print) = (claim.nonce.to_string(), hex::encode(&claim.fingerprint.to_bytes()));
        let is_ours = entry.is_held && entry.nonce == nonce && !self.has(Flaw::NonceForgotten);
        if !is_ours {
            if let Some(answer) = entry.answer(&print, now, claim.takes_over) {
                return Ok(answer);
            }
            let before = if self.has(Flaw::FenceForgotten) { 0 } else { entry.fence };
            entry = Entry {
                fence: before + 1,
                taken_over: entry.is_held,
                fingerprint: print,
                nonce,
                is_held: true,
                ..Entry::default()
            };
        }
        entry.keep = length(claim.keep);
        entry.lease(now, length(claim.lease));
        self.write(claim.key, &entry)?;
        drop(lock);
        let (fence, taken_over) = (Fence::new(entry.fence), entry.taken_over);
        Ok(Claimed::First(Held { key: claim.key, nonce: claim.nonce, fence, taken_over }))
    }

    fn completed(&self, held: &Held, record: &[u8], keep: u64) -> io::Result<Completion> {
        let _lock = self.lock()?;
        let mut entry = self.read(held.key)?;
        let is_owner = entry.is_of(held);
        if (entry.is_held && is_owner) || self.has(Flaw::NoFenceCompare) {
            entry.is_held = false;
            entry.record = Some(hex::encode(record));
            entry.expires = micros() + keep;
            self.write(held.key, &entry)?;
            return Ok(Completion::Stored);
        }
        let stored = entry.record.as_deref().map(|record| Bytes::from(hex::decode(record)));
        Ok(if stored.is_some() && is_owner { Completion::Stored } else { Completion::Lost(stored) })
    }

    fn released(&self, held: &Held) -> io::Result<()> {
        let _lock = self.lock()?;
        let entry = self.read(held.key)?;
        if entry.is_held && (entry.is_of(held) || self.has(Flaw::ReleaseWithoutOwner)) {
            let entry = Entry { fence: entry.fence, ..Entry::default() };
            self.write(held.key, &entry)?;
        }
        Ok(())
    }

    fn renewed(&self, held: &Held, lease: u64) -> io::Result<Renewal> {
        let _lock = self.lock()?;
        let mut entry = self.read(held.key)?;
        if !entry.is_of(held) || !(entry.is_held || self.has(Flaw::RevivingRenewal)) {
            return Ok(Renewal::Lost);
        }
        entry.is_held = true;
        entry.record = None;
        entry.lease(micros(), lease);
        self.write(held.key, &entry)?;
        Ok(Renewal::Renewed)
    }
}

impl Entry {
    fn is_of(&self, held: &Held) -> bool {
        self.fence == held.fence.get() && self.nonce == held.nonce.to_string()
    }

    fn lease(&mut self, now: u64, lease: u64) {
        self.lease_until = now + lease;
        self.expires = now + lease.max(self.keep);
    }

    /// What keeps another from claiming it.
    fn answer(&self, print: &str, now: u64, takes_over: bool) -> Option<Claimed> {
        if !self.is_held && self.record.is_none() {
            return None;
        }
        if self.fingerprint != print {
            return Some(Claimed::Reused);
        }
        if let Some(record) = &self.record {
            return Some(Claimed::Completed(hex::decode(record).into()));
        }
        let left = self.lease_until.saturating_sub(now);
        match left {
            1.. => Some(Claimed::Running { left: Duration::from_micros(left) }),
            0 if takes_over => None,
            0 => Some(Claimed::Abandoned),
        }
    }
}

impl Store for FileStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.claimed(claim).await.map_err(StoreError::unavailable)
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.completed(held, &record, length(keep)).map_err(StoreError::unavailable)
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.released(held).map_err(StoreError::unavailable)
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.renewed(held, length(lease)).map_err(StoreError::unavailable)
    }

    fn promise(&self) -> Promise {
        Promise::durable()
    }
}

/// In microseconds.
fn length(of: Duration) -> u64 {
    u64::try_from(of.as_micros()).unwrap_or(u64::MAX / 4)
}
