use crate::again::{TRIES, pause};
use crate::failure::is_conflict;

/// Makes a call that is atomic and can be repeated; again where another's was in its way.
pub(crate) async fn retrying<T, F>(mut call: impl FnMut() -> F) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        match call().await {
            Err(error) if is_conflict(&error) && tries < TRIES => pause(tries).await,
            result => return result,
        }
    }
}
