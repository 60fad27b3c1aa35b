//! Rows that were not written here, or not by this release.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Fingerprint, Store, StoreError, StoreErrorKind};
use mainstay_sqlx::SqliteStore;

use crate::support::{File, claim};

const HOUR: i64 = 3_600_000;

/// Whatever is in the columns of a row.
struct Put<'a> {
    fingerprint: &'a [u8],
    record: Option<&'a [u8]>,
    /// From now, in milliseconds.
    left: i64,
    expires: i64,
}

impl Put<'_> {
    /// What a claim is to be told.
    fn answer(&self, claim: &Claim) -> &'static str {
        let ours = claim.fingerprint.to_bytes();
        match (self.fingerprint, self.record) {
            _ if self.expires <= 0 => "first",
            (theirs, _) if theirs.len() != Fingerprint::LEN => "unreadable",
            (theirs, _) if theirs[0] == ours[0] && theirs != ours => "reused",
            (_, Some(_)) => "completed",
            _ if self.left > 0 => "running",
            _ if claim.takes_over => "taken over",
            _ => "abandoned",
        }
    }

    async fn under(&self, claim: &Claim, store: &SqliteStore) {
        let clock = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
        let put = format!(
            "INSERT INTO mainstay_idempotency
                (key, nonce, fingerprint, taken_over, record, lease_until, keep, expires_at)
             VALUES (?1, x'07', ?2, 0, ?3, {clock} + ?4, ?5, {clock} + ?5)"
        );
        sqlx::query(sqlx::AssertSqlSafe(put))
            .bind(claim.key.as_bytes().as_slice())
            .bind(self.fingerprint)
            .bind(self.record)
            .bind(self.left)
            .bind(self.expires)
            .execute(store.pool())
            .await
            .unwrap();
    }

    fn told(&self, claimed: Result<Claimed, StoreError>) -> &'static str {
        match claimed {
            Ok(Claimed::First(held)) if held.taken_over => "taken over",
            Ok(Claimed::First(_)) => "first",
            Ok(Claimed::Completed(record)) => {
                assert_eq!(Some(record), self.record.map(Bytes::copy_from_slice));
                "completed"
            }
            Ok(Claimed::Running { left }) => {
                let most = u64::try_from(self.left).unwrap();
                assert!(left <= Duration::from_millis(most));
                "running"
            }
            Ok(Claimed::Abandoned) => "abandoned",
            Ok(Claimed::Reused) => "reused",
            Err(error) if error.kind() == StoreErrorKind::Unreadable => "unreadable",
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_in_a_row_is_read_as_it_is_or_is_unreadable() {
    let file = File::new();
    let store = file.store().await;
    let ours = claim().fingerprint.to_bytes();
    let later = [&[ours[0] + 1][..], &ours[1..]].concat();
    let other = [&ours[..32], &[!ours[32]]].concat();
    let long = ours.repeat(9);
    let fingerprints = [&[][..], &ours[..1], &ours[..32], &ours, &other, &later, &long];
    for fingerprint in fingerprints {
        for record in [None, Some(&b""[..]), Some(b"\0\xff")] {
            for left in [-1_000_000 * HOUR, -HOUR, HOUR, 1_000_000 * HOUR] {
                for (expires, takes_over) in [(HOUR, true), (HOUR, false), (-HOUR, true)] {
                    let put = Put { fingerprint, record, left, expires };
                    let claim = Claim { takes_over, ..claim() };
                    put.under(&claim, &store).await;
                    let told = put.told(store.claim(&claim).await);
                    let expected = put.answer(&claim);
                    assert_eq!(told, expected, "{fingerprint:?} {record:?} {left} {takes_over}");
                }
            }
        }
    }
}
