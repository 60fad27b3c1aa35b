use mainstay_testkit::servers::Postgres;
use tempfile::TempDir;

/// A database of one test's own.
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(Box<Postgres>),
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(Box::new(Postgres::start().unwrap()))
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("o.db").display()),
            Self::Postgres(server) => server.url().to_owned(),
        }
    }
}
