//! The statements. What time it is, the database says in each.

/// Milliseconds since 1970. It is the same all through one step of one statement.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

/// The same as a row of its own.
macro_rules! clock {
    () => {
        concat!("(SELECT ", now!(), " AS now) AS clock")
    };
}

/// Whether the fingerprint there is of another request than ours, ?3: of the same version and not
/// the same.
macro_rules! differs {
    () => {
        "(substr(fingerprint, 1, 1) = substr(?3, 1, 1) AND fingerprint <> ?3)"
    };
}

/// Claims the key unless there is something under it that keeps from it. What is replaced has
/// expired or is taken over.
pub(super) const CLAIM: &str = concat!(
    "INSERT OR REPLACE INTO mainstay_idempotency
        (key, nonce, fingerprint, taken_over, record, lease_until, keep, expires_at)
     SELECT ?1, ?2, ?3,
        EXISTS (SELECT 1 FROM mainstay_idempotency WHERE key = ?1 AND expires_at > clock.now),
        NULL, clock.now + ?4, ?5, clock.now + max(?4, ?5)
     FROM ",
    clock!(),
    " WHERE NOT EXISTS (SELECT 1 FROM mainstay_idempotency
        WHERE key = ?1 AND expires_at > clock.now AND (record IS NOT NULL OR nonce = ?2
            OR lease_until > clock.now OR NOT ?6 OR ",
    differs!(),
    "))
     RETURNING fence, taken_over"
);

/// Claims it once more, for who has it.
pub(super) const RECLAIM: &str = concat!(
    "UPDATE mainstay_idempotency
     SET lease_until = clock.now + ?4, keep = ?5, expires_at = clock.now + max(?4, ?5)
     FROM ",
    clock!(),
    " WHERE key = ?1 AND nonce = ?2 AND record IS NULL AND expires_at > clock.now AND NOT ",
    differs!(),
    " RETURNING fence, taken_over"
);

/// What is under the key.
pub(super) const FIND: &str = concat!(
    "SELECT fingerprint, record, lease_until - clock.now AS time_left,
        record IS NULL AND nonce = ?2 AS ours
     FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = ?1 AND expires_at > clock.now"
);

/// In the transaction that has claimed: nobody else has seen the claim, however long it took.
pub(super) const COMPLETE_IN: &str = concat!(
    "UPDATE mainstay_idempotency SET record = ?4, expires_at = clock.now + ?5 FROM ",
    clock!(),
    " WHERE key = ?1 AND nonce = ?2 AND fence = ?3 AND record IS NULL"
);

pub(super) const COMPLETE: &str = concat!(
    "UPDATE mainstay_idempotency SET record = ?4, expires_at = clock.now + ?5 FROM ",
    clock!(),
    " WHERE key = ?1 AND nonce = ?2 AND fence = ?3 AND record IS NULL AND expires_at > clock.now"
);

/// The record under the key, and whether it is of this claim.
pub(super) const COMPLETED: &str = concat!(
    "SELECT record, nonce = ?2 AND fence = ?3 AS ours FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = ?1 AND record IS NOT NULL AND expires_at > clock.now"
);

/// What is under this claim: nothing, no record yet, or its record.
pub(super) const SETTLED: &str = concat!(
    "SELECT record FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = ?1 AND nonce = ?2 AND fence = ?3 AND expires_at > clock.now"
);

pub(super) const RELEASE: &str = "DELETE FROM mainstay_idempotency
    WHERE key = ?1 AND nonce = ?2 AND fence = ?3 AND record IS NULL";

pub(super) const RENEW: &str = concat!(
    "UPDATE mainstay_idempotency
     SET lease_until = clock.now + ?4, expires_at = clock.now + max(?4, keep) FROM ",
    clock!(),
    " WHERE key = ?1 AND nonce = ?2 AND fence = ?3 AND record IS NULL AND expires_at > clock.now"
);

/// The time is not joined here: the index would be read to its end, for want of a bound.
pub(super) const SWEEP: &str = concat!(
    "DELETE FROM mainstay_idempotency WHERE fence IN (
        SELECT fence FROM mainstay_idempotency WHERE expires_at <= ",
    now!(),
    " ORDER BY expires_at LIMIT ?1)"
);

pub(super) const VERSION_TABLE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema
    WHERE type = 'table' AND name = 'mainstay_idempotency_version')";

/// The table is made with its row: where that is gone, it was the first version's.
pub(super) const VERSION: &str =
    "SELECT coalesce(max(version), 1) FROM mainstay_idempotency_version";
