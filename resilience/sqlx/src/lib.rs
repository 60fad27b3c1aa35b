//! Idempotency inside your own transaction, on SQLite and PostgreSQL.
