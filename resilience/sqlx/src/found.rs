use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Fence, Fingerprint, Held};
use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::failure::{not_ours, unreadable};
use crate::millis::left;

/// What this crate has written into this column.
pub(crate) fn get<'r, T, R: Row>(row: &'r R, column: &'static str) -> Result<T, sqlx::Error>
where
    &'static str: ColumnIndex<R>,
    T: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(column).map_err(not_ours)
}

/// What lies under a key and has not expired.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) record: Option<Bytes>,
    /// What is left of the lease, in milliseconds.
    pub(crate) left: i64,
}

impl Found {
    pub(crate) fn of<R: Row>(row: &R) -> Result<Self, sqlx::Error>
    where
        &'static str: ColumnIndex<R>,
        for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
        for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        let fingerprint: Vec<u8> = get(row, "fingerprint")?;
        let record: Option<Vec<u8>> = get(row, "record")?;
        Ok(Self {
            fingerprint: Fingerprint::from_bytes(&fingerprint)
                .ok_or_else(|| unreadable("fingerprint"))?,
            record: record.map(Bytes::from),
            left: get(row, "time_left")?,
        })
    }

    /// What it means to a claim that is not of its holder. `None` if the claim is to be granted.
    pub(crate) fn answer(self, claim: &Claim) -> Option<Claimed> {
        if self.fingerprint.differs_from(&claim.fingerprint) {
            return Some(Claimed::Reused);
        }
        match (self.record, left(self.left)) {
            (Some(record), _) => Some(Claimed::Completed(record)),
            (None, Some(left)) => Some(Claimed::Running { left }),
            (None, None) if claim.takes_over => None,
            (None, None) => Some(Claimed::Abandoned),
        }
    }
}

/// The claim was granted, with this fence.
pub(crate) fn granted(claim: &Claim, fence: i64, taken_over: bool) -> Result<Claimed, sqlx::Error> {
    let fence = u64::try_from(fence).map_err(|_| unreadable("fence"))?;
    let (key, nonce) = (claim.key, claim.nonce);
    Ok(Claimed::First(Held { key, nonce, fence: Fence::new(fence), taken_over }))
}

/// A fence as databases have it, which know no unsigned numbers.
pub(crate) fn fence(held: &Held) -> i64 {
    // One that does not fit was not given here, and matches nothing.
    i64::try_from(held.fence.get()).unwrap_or(-1)
}
