-- One row for each key that is held or completed. Times are milliseconds since 1970.
CREATE TABLE mainstay_idempotency (
    -- AUTOINCREMENT never gives a number twice, also when the rows with higher ones are gone: what
    -- it has given last is in a row of sqlite_sequence.
    fence       INTEGER PRIMARY KEY AUTOINCREMENT,
    key         BLOB    NOT NULL UNIQUE,
    nonce       BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    taken_over  INTEGER NOT NULL,
    -- NULL while it is held.
    record      BLOB,
    lease_until INTEGER NOT NULL,
    -- How long a claim is remembered that nobody renews.
    keep        INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX mainstay_idempotency_expires_at ON mainstay_idempotency (expires_at);

CREATE TABLE mainstay_idempotency_version (version INTEGER NOT NULL) STRICT;

INSERT INTO mainstay_idempotency_version (version) VALUES (1);
