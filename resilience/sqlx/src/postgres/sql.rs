//! The statements. What time it is, the database says in each, and when it runs: `now()` is when
//! the transaction began.

/// Milliseconds since 1970.
macro_rules! now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}

/// The same as a row of its own, read once in a statement.
macro_rules! clock {
    () => {
        concat!("(SELECT ", now!(), " AS now OFFSET 0) AS clock")
    };
}

/// Limits how long this statement, and no other of its transaction, waits for locks. What it was is
/// `before`.
macro_rules! limited {
    ($limit:literal) => {
        concat!(
            "limited AS MATERIALIZED (SELECT set_config('lock_timeout', ",
            $limit,
            ", true) AS set)"
        )
    };
}

/// What time it was when the advisory lock was had.
macro_rules! moment {
    () => {
        "(excluded.lease_until - $4)"
    };
}

/// Whether the row is held under our nonce.
macro_rules! ours {
    () => {
        concat!(
            "(held.nonce = excluded.nonce AND held.record IS NULL AND held.expires_at > ",
            moment!(),
            ")"
        )
    };
}

/// Claims the key.
///
/// One statement, so that it needs no transaction of its own, in these steps:
///
/// - `found` is what was under the key when the statement began, and `shut` that if it keeps from
///   claiming: then nothing is locked and nothing written.
/// - Otherwise the advisory lock of the key is taken, which lasts until the end of the transaction.
///   Claims of one key are made one after the other so, and the fence that is drawn next is higher
///   than all before: a number drawn ahead of a wait for the unique index could come too late.
/// - The row is inserted, or replaced if it is expired, taken over or ours *now*: what was found may
///   be of before the wait.
///
/// One row comes back: `fence` if the claim is granted, `fingerprint` if something keeps from it,
/// neither if it came in between, and the statement is to be repeated.
///
/// $1 key, $2 nonce, $3 fingerprint, $4 lease, $5 keep, $6 takes over, $7 limit, $8 advisory key.
pub(super) const CLAIM: &str = concat!(
    "WITH found AS MATERIALIZED (
        SELECT nonce, fingerprint, record, lease_until - clock.now AS time_left
        FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = $1::bytea AND expires_at > clock.now
    ), shut AS MATERIALIZED (
        SELECT fingerprint, record, time_left FROM found
        WHERE record IS NOT NULL
            OR (get_byte(fingerprint, 0) = get_byte($3::bytea, 0) AND fingerprint <> $3)
            OR NOT (nonce = $2::bytea OR (time_left <= 0 AND $6::boolean))
    ), before AS MATERIALIZED (
        SELECT current_setting('lock_timeout') AS lock_timeout
        WHERE NOT EXISTS (SELECT FROM shut)
    ), limited AS MATERIALIZED (
        SELECT set_config('lock_timeout', $7::text, true) FROM before
    ), locked AS MATERIALIZED (
        SELECT pg_advisory_xact_lock($8::bigint) FROM limited
    ), moment AS MATERIALIZED (
        SELECT ",
    now!(),
    " AS now FROM locked
    ), claimed AS (
        INSERT INTO mainstay_idempotency AS held
            (key, nonce, fence, fingerprint, taken_over, lease_until, keep, expires_at)
        SELECT $1, $2, nextval('mainstay_idempotency_fence'), $3, false,
            now + $4::bigint, $5::bigint, now + greatest($4, $5)
        FROM moment
        ON CONFLICT (key) DO UPDATE SET
            nonce = excluded.nonce,
            fence = CASE WHEN ",
    ours!(),
    " THEN held.fence ELSE excluded.fence END,
            fingerprint = CASE WHEN ",
    ours!(),
    " THEN held.fingerprint ELSE excluded.fingerprint END,
            taken_over = CASE WHEN ",
    ours!(),
    " THEN held.taken_over ELSE held.expires_at > ",
    moment!(),
    " END,
            record = NULL,
            lease_until = excluded.lease_until,
            keep = excluded.keep,
            expires_at = excluded.expires_at
        WHERE held.expires_at <= ",
    moment!(),
    " OR (held.record IS NULL AND (held.nonce = $2 OR (held.lease_until <= ",
    moment!(),
    " AND $6))
                AND NOT (get_byte(held.fingerprint, 0) = get_byte($3, 0)
                    AND held.fingerprint <> $3))
        RETURNING fence, taken_over
    )
    SELECT fence, taken_over, NULL::bytea AS fingerprint, NULL::bytea AS record,
        NULL::bigint AS time_left, set_config('lock_timeout', lock_timeout, true)
    FROM claimed, before
    UNION ALL
    SELECT NULL, NULL, fingerprint, record, time_left, NULL FROM shut
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, set_config('lock_timeout', lock_timeout, true)
    FROM before WHERE NOT EXISTS (SELECT FROM claimed)"
);

/// What is under the key.
pub(super) const FIND: &str = concat!(
    "SELECT fingerprint, record, lease_until - clock.now AS time_left
    FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = $1::bytea AND expires_at > clock.now"
);

/// In the transaction that has claimed: nobody else has seen the claim, however long it took.
pub(super) const COMPLETE_IN: &str = concat!(
    "UPDATE mainstay_idempotency SET record = $4::bytea, expires_at = clock.now + $5::bigint FROM ",
    clock!(),
    " WHERE key = $1::bytea AND nonce = $2::bytea AND fence = $3::bigint AND record IS NULL"
);

/// In a transaction that may go on: the advisory lock tells [`AWAIT`] when it has ended, and the
/// limit is put back. One row comes back, with how many were completed.
pub(super) const COMPLETE: &str = concat!(
    "WITH before AS MATERIALIZED (
        SELECT current_setting('lock_timeout') AS lock_timeout
    ), limited AS MATERIALIZED (
        SELECT set_config('lock_timeout', $6::text, true) FROM before
    ), locked AS MATERIALIZED (
        SELECT pg_advisory_xact_lock($7::bigint) FROM limited
    ), moment AS MATERIALIZED (
        SELECT ",
    now!(),
    " AS now FROM locked
    ), completed AS (
        UPDATE mainstay_idempotency SET record = $4::bytea, expires_at = now + $5::bigint
        FROM moment
        WHERE key = $1::bytea AND nonce = $2::bytea AND fence = $3::bigint AND record IS NULL
            AND expires_at > now
        RETURNING true
    )
    SELECT completed, set_config('lock_timeout', lock_timeout, true)
    FROM (SELECT count(*) AS completed FROM completed) AS counted, before"
);

/// The record under the key, and whether it is of this claim.
pub(super) const COMPLETED: &str = concat!(
    "SELECT record, nonce = $2::bytea AND fence = $3::bigint AS ours
    FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = $1::bytea AND record IS NOT NULL AND expires_at > clock.now"
);

/// What is under this claim: nothing, no record yet, or its record.
pub(super) const SETTLED: &str = concat!(
    "SELECT record FROM mainstay_idempotency, ",
    clock!(),
    " WHERE key = $1::bytea AND nonce = $2::bytea AND fence = $3::bigint
        AND expires_at > clock.now"
);

pub(super) const RELEASE: &str = concat!(
    "WITH ",
    limited!("$4::text"),
    " DELETE FROM mainstay_idempotency USING limited
    WHERE limited.set IS NOT NULL AND key = $1::bytea AND nonce = $2::bytea
        AND fence = $3::bigint AND record IS NULL"
);

pub(super) const RENEW: &str = concat!(
    "WITH ",
    limited!("$5::text"),
    " UPDATE mainstay_idempotency
    SET lease_until = clock.now + $4::bigint, expires_at = clock.now + greatest($4, keep)
    FROM limited, ",
    clock!(),
    " WHERE limited.set IS NOT NULL AND key = $1::bytea AND nonce = $2::bytea
        AND fence = $3::bigint AND record IS NULL AND expires_at > clock.now"
);

/// Rows that somebody is at are left for the next time; those that have changed since they were
/// read are looked at again by both halves.
pub(super) const SWEEP: &str = concat!(
    "WITH clock AS MATERIALIZED (SELECT ",
    now!(),
    " AS now), dead AS MATERIALIZED (
        SELECT key FROM mainstay_idempotency
        WHERE expires_at <= (SELECT now FROM clock)
        ORDER BY expires_at LIMIT $1::bigint FOR UPDATE SKIP LOCKED
    )
    DELETE FROM mainstay_idempotency AS swept USING dead
    WHERE swept.key = dead.key AND swept.expires_at <= (SELECT now FROM clock)"
);

/// Waits for the end of the transaction that has the advisory lock of a key.
pub(super) const AWAIT: &str = concat!(
    "WITH ",
    limited!("$1::text"),
    " SELECT pg_advisory_xact_lock($2::bigint) FROM limited"
);

/// Not by `to_regclass`: once it has found nothing, a transaction remembers that, and does not see
/// what another makes while it waits for the lock.
pub(super) const VERSION_TABLE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class
    WHERE relname = 'mainstay_idempotency_version' AND pg_catalog.pg_table_is_visible(oid))";

/// The table is made with its row: where that is gone, it was the first version's.
pub(super) const VERSION: &str =
    "SELECT coalesce(max(version), 1) FROM mainstay_idempotency_version";

/// Processes that start together would all find the tables missing. The number stands for these
/// tables.
pub(super) const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(5836294170)";
