-- Two processes that start together would both find the tables missing.
SELECT pg_advisory_xact_lock(7165316849);

-- Ids are compared by their bytes, as SQLite does.
CREATE TABLE IF NOT EXISTS orders (
    id             TEXT COLLATE "C" PRIMARY KEY,
    scope          TEXT   NOT NULL,
    key            TEXT   NOT NULL,
    fingerprint    BYTEA  NOT NULL,
    status         TEXT   NOT NULL CHECK (status IN ('pending', 'paid', 'declined', 'cancelled')),
    customer_email TEXT   NOT NULL,
    currency       TEXT   NOT NULL,
    total_cents    BIGINT NOT NULL,
    lines          TEXT   NOT NULL,
    note           TEXT,
    payment_id     TEXT,
    created_at     BIGINT NOT NULL,
    fence          BIGINT NOT NULL,
    -- What was answered when it was settled, as it went over its wire.
    answer         BYTEA,
    -- The key of the cancellation, as stores of claims know it.
    cancelled_under TEXT,
    UNIQUE (scope, key),
    CHECK ((status IN ('paid', 'cancelled')) = (payment_id IS NOT NULL)),
    CHECK ((status = 'pending') = (answer IS NULL))
);

CREATE INDEX IF NOT EXISTS orders_pending ON orders (created_at) WHERE status = 'pending';

-- How often the reconciler has tried an order, and when it may again.
CREATE TABLE IF NOT EXISTS reconciliations (
    order_id   TEXT COLLATE "C" PRIMARY KEY,
    attempts   INTEGER NOT NULL,
    not_before BIGINT NOT NULL
);

-- What there is one of: the database's own id.
CREATE TABLE IF NOT EXISTS meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
