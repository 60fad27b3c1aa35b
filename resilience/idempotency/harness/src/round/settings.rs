use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum, value_parser};

use crate::flawed::Flaw;
use crate::settings::Pace;

/// What a round is like.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// The store that is put to the test.
    #[arg(long, value_enum)]
    pub store: StoreKind,
    /// For how long workers work: up to a day, and no less than one second.
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// What each worker would do with the keys that it is given, and in which order harm is done.
    /// When each thing happens, and what comes of that, is not in it: no two rounds are the same.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many processes work at a time: up to 64, and no less than one.
    #[arg(long, default_value_t = 8, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
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

    /// Whether the store repeats by itself what was not answered.
    pub(crate) fn repeats(&self) -> bool {
        self.store == StoreKind::Redis
    }

    pub(crate) fn transacts(&self) -> bool {
        matches!(self.store, StoreKind::Postgres | StoreKind::Sqlite)
    }
}
