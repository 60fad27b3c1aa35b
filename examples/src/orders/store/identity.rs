use uuid::Uuid;

use super::Store;
use super::pool::{Pool, with};

const MAKE: &str = "INSERT INTO meta (name, value) VALUES ('database_id', $1)
    ON CONFLICT (name) DO NOTHING";

const ID: &str = "SELECT value FROM meta WHERE name = 'database_id'";

impl Store {
    /// What tells this database from every other one: it was made by chance with the schema.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Reads the id, and makes it first if there is none.
pub(super) async fn of(pool: &Pool) -> Result<String, sqlx::Error> {
    let new = Uuid::new_v4().to_string();
    with!(pool, pool => {
        sqlx::query(MAKE).bind(new).execute(pool).await?;
        sqlx::query_scalar(ID).fetch_one(pool).await
    })
}
