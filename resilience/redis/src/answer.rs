use std::time::Duration;
use std::vec;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fence, Held, Renewal, StoreError, StoreErrorKind,
};
use redis::Value;

/// What a script says: a word, and what belongs to it.
#[derive(Debug)]
pub(crate) struct Answer {
    word: Vec<u8>,
    rest: vec::IntoIter<Value>,
}

impl Answer {
    /// `None` if no script of ours says such a thing.
    pub(crate) fn read(value: Value) -> Option<Self> {
        let Value::Array(values) = value else {
            return None;
        };
        let mut rest = values.into_iter();
        match rest.next() {
            Some(Value::BulkString(word)) => Some(Self { word, rest }),
            _ => None,
        }
    }

    /// Whether it rests on something that must not be lost.
    pub(crate) fn must_last(&self) -> bool {
        let words = [&b"first"[..], b"completed", b"stored", b"late", b"renewed"];
        words.contains(&self.word.as_slice())
    }

    pub(crate) fn claimed(mut self, claim: &Claim) -> Result<Claimed, StoreError> {
        let claimed = match self.word.as_slice() {
            b"first" => self.held(claim).map(Claimed::First),
            b"completed" => self.bytes().map(Claimed::Completed),
            b"running" => self.number().map(|left| {
                let left = Duration::from_micros(left);
                Claimed::Running { left }
            }),
            b"abandoned" => Some(Claimed::Abandoned),
            b"reused" => Some(Claimed::Reused),
            _ => None,
        };
        claimed.ok_or_else(unreadable)
    }

    pub(crate) fn completion(mut self) -> Result<Completion, StoreError> {
        match self.word.as_slice() {
            b"stored" => Ok(Completion::Stored),
            b"lost" => Ok(Completion::Lost(None)),
            b"late" => self.bytes().map(|it| Completion::Lost(Some(it))).ok_or_else(unreadable),
            _ => Err(unreadable()),
        }
    }

    pub(crate) fn released(&self) -> Result<(), StoreError> {
        (self.word == b"released").then_some(()).ok_or_else(unreadable)
    }

    pub(crate) fn renewal(&self) -> Result<Renewal, StoreError> {
        match self.word.as_slice() {
            b"renewed" => Ok(Renewal::Renewed),
            b"lost" => Ok(Renewal::Lost),
            _ => Err(unreadable()),
        }
    }

    fn held(&mut self, claim: &Claim) -> Option<Held> {
        let fence = Fence::new(self.number()?);
        let taken_over = self.number()? == 1;
        Some(Held { key: claim.key, nonce: claim.nonce, fence, taken_over })
    }

    fn number(&mut self) -> Option<u64> {
        match self.rest.next() {
            Some(Value::Int(number)) => u64::try_from(number).ok(),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<Bytes> {
        match self.rest.next() {
            Some(Value::BulkString(bytes)) => Some(bytes.into()),
            _ => None,
        }
    }
}

pub(crate) fn unreadable() -> StoreError {
    let what = "under the key is something that this release has not written";
    StoreError::with_source(StoreErrorKind::Unreadable, what)
}
