-- Fences come from here, also when all rows are gone. Never cached: they rise in order of claims.
CREATE SEQUENCE mainstay_idempotency_fence CACHE 1;

-- One row for each key that is held or completed. Times are milliseconds since 1970.
CREATE TABLE mainstay_idempotency (
    key         BYTEA   PRIMARY KEY,
    nonce       BYTEA   NOT NULL,
    fence       BIGINT  NOT NULL,
    fingerprint BYTEA   NOT NULL,
    taken_over  BOOLEAN NOT NULL,
    -- NULL while it is held.
    record      BYTEA,
    lease_until BIGINT  NOT NULL,
    -- How long a claim is remembered that nobody renews.
    keep        BIGINT  NOT NULL,
    expires_at  BIGINT  NOT NULL
);

CREATE INDEX mainstay_idempotency_expires_at ON mainstay_idempotency (expires_at);

CREATE TABLE mainstay_idempotency_version (version INTEGER NOT NULL);

INSERT INTO mainstay_idempotency_version (version) VALUES (1);
