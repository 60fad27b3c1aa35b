use clap::{Args, ValueEnum};

use crate::flawed::Flaw;
use crate::settings::Pace;

/// What a round is like.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// The store that is put to the test.
    #[arg(long, value_enum)]
    pub store: StoreKind,
    /// For how long workers work.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// What is done when, and by whom. How long everything takes is not in it, so that no two
    /// rounds are the same.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many processes work at a time.
    #[arg(long, default_value_t = 8)]
    pub workers: usize,
    /// What the store of files does wrong.
    #[arg(long, value_enum)]
    pub flaw: Option<Flaw>,
}

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum StoreKind {
    /// `mainstay-redis` on a server of its own, with `appendfsync always`.
    Redis,
    /// `mainstay-sqlx` on a PostgreSQL of its own.
    Postgres,
    /// `mainstay-sqlx` on a file.
    Sqlite,
    /// A store of files that is here to be found wrong.
    Files,
}

impl Settings {
    /// Five seconds with eight workers.
    pub fn of(store: StoreKind, seed: u64) -> Self {
        Self { store, seconds: 5, seed, workers: 8, flaw: None }
    }

    /// Slower where writes are, so that not all of the time is spent in their queue.
    pub(crate) fn pace(&self) -> Pace {
        let (step, lease) = match self.store {
            StoreKind::Files => (40_000, 200_000),
            StoreKind::Redis => (50_000, 400_000),
            StoreKind::Postgres | StoreKind::Sqlite => (80_000, 400_000),
        };
        Pace { step, window: 5 * lease / step, lease, short_keep: 2 * lease }
    }

    pub(crate) fn transacts(&self) -> bool {
        matches!(self.store, StoreKind::Postgres | StoreKind::Sqlite)
    }
}
