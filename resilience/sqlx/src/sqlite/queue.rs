use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::again::late;

/// How many may wait to write at once.
const MOST_WAITING: usize = 4096;

/// Who writes next: first come, first served.
///
/// `SQLite` has one writer at a time. Those that find it busy sleep and look again, each for itself
/// and longer each time, so that now and then one of them is never lucky. Here they wait in line.
#[derive(Clone, Debug)]
pub(super) struct WriterQueue {
    writer: Arc<Semaphore>,
    crowd: Arc<Semaphore>,
}

/// That it is this one's turn to write, until it is dropped.
#[derive(Debug)]
#[expect(unnameable_types, reason = "it is seen in a trait that is sealed")]
pub struct WriterPlace {
    _writer: OwnedSemaphorePermit,
    _crowd: OwnedSemaphorePermit,
}

impl WriterQueue {
    pub(super) fn new() -> Self {
        Self { writer: Arc::new(Semaphore::new(1)), crowd: Arc::new(Semaphore::new(MOST_WAITING)) }
    }

    /// Waits for a turn, until the limit. Without one where too many wait already.
    pub(super) async fn wait(&self, limit: Duration) -> Result<WriterPlace, sqlx::Error> {
        let crowd = Arc::clone(&self.crowd).try_acquire_owned();
        let crowd = crowd.map_err(|_| late("too many wait to write"))?;
        let writer = match Arc::clone(&self.writer).try_acquire_owned() {
            Ok(writer) => Ok(Ok(writer)),
            Err(_) => timeout(limit, Arc::clone(&self.writer).acquire_owned()).await,
        };
        match writer {
            Ok(Ok(writer)) => Ok(WriterPlace { _writer: writer, _crowd: crowd }),
            // Nobody closes it.
            Ok(Err(_)) | Err(_) => Err(late("the writers before this one took too long")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writers_wait_in_line_and_not_for_ever() {
        const LIMIT: Duration = Duration::from_millis(10);
        let queue = WriterQueue::new();
        let first = queue.wait(LIMIT).await.unwrap();
        assert!(queue.wait(LIMIT).await.is_err());
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        let writers: Vec<_> = (0..8)
            .map(|number| {
                let (queue, sender) = (queue.clone(), sender.clone());
                tokio::spawn(async move {
                    let _place = queue.wait(Duration::from_mins(1)).await.unwrap();
                    tokio::task::yield_now().await;
                    sender.send(number).unwrap();
                })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(first);
        for writer in writers {
            writer.await.unwrap();
        }
        for number in 0..8 {
            assert_eq!(order.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn not_too_many_wait() {
        let queue = WriterQueue::new();
        let _all = queue.crowd.clone().try_acquire_many_owned(4096).unwrap();
        assert!(queue.wait(Duration::from_mins(1)).await.is_err());
    }
}
