use uuid::Uuid;

use super::Store;
use super::pool::{Pool, with};

/// What the schema of this release is called. It changes when what is there cannot be used.
const SCHEMA: &str = "3";

/// Both or none, in one statement.
const MAKE: &str = "INSERT INTO meta (name, value)
    SELECT name, value FROM
        (SELECT 'database_id' AS name, $1 AS value UNION ALL SELECT 'schema', $2) AS made
    WHERE NOT EXISTS (SELECT 1 FROM meta)
    ON CONFLICT (name) DO NOTHING";

const ID: &str = "SELECT value FROM meta WHERE name = 'database_id'
    AND EXISTS (SELECT 1 FROM meta WHERE name = 'schema' AND value = $1)";

impl Store {
    /// What tells this database from every other one: it was made by chance with the schema.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Reads the id, and makes it first if there is none. `None` if the schema is of another release.
pub(super) async fn of(pool: &Pool) -> Result<Option<String>, sqlx::Error> {
    let new = Uuid::new_v4().to_string();
    with!(pool, pool => {
        sqlx::query(MAKE).bind(new).bind(SCHEMA).execute(pool).await?;
        sqlx::query_scalar(ID).bind(SCHEMA).fetch_optional(pool).await
    })
}
