use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body::Body;

use super::ReplayBody;
use super::tape::Tape;
use crate::retry::GaveUp;

/// What a retry keeps of a body to send it again.
pub(in crate::retry) struct Recording<B: Body>(Option<Shared<B>>);

impl<B: Body> Recording<B> {
    /// Of a body that is empty nothing is kept, and nothing allocated.
    ///
    /// A body that says it is larger than the cap comes back.
    pub(in crate::retry) fn new(body: B, cap: usize) -> Result<Self, B> {
        if body.is_end_stream() {
            return Ok(Self(None));
        }
        if body.size_hint().lower() > cap as u64 {
            return Err(body);
        }
        Ok(Self(Some(Shared::new(Tape::new(body, cap)))))
    }

    /// The body of the next attempt.
    pub(in crate::retry) fn reader(&self) -> ReplayBody<B> {
        match &self.0 {
            None => ReplayBody::empty(),
            Some(shared) => {
                let number = shared.lock().reader;
                ReplayBody::reader(shared.clone(), number)
            }
        }
    }

    /// Cuts off the reader before, which may still be at work, and makes way for the next one.
    pub(in crate::retry) fn rewind(&self) -> Result<(), GaveUp> {
        let Some(shared) = &self.0 else { return Ok(()) };
        let waiting = shared.lock().rewind()?;
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        Ok(())
    }
}

/// The reader goes on alone.
impl<B: Body> Drop for Recording<B> {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.lock().keep_no_more();
        }
    }
}

/// A tape that readers share. Nothing is read while it is locked.
pub(super) struct Shared<B>(Arc<Mutex<Tape<B>>>);

impl<B> Shared<B> {
    fn new(tape: Tape<B>) -> Self {
        Self(Arc::new(Mutex::new(tape)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Tape<B>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Clone for Shared<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
