//! Idempotency claims on Redis, Redis Cluster and Valkey.
