use bytes::Bytes;

use crate::orders::answer::{Answer, Outcome};
use crate::orders::model::{Order, Status};

/// A settled order, with what was answered when it was settled: what a retry is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The order.
    pub order: Order,
    /// The answer's body, as it was rendered.
    pub body: Bytes,
}

impl Record {
    /// What is answered.
    pub fn answer(self, replayed: bool) -> Answer {
        let outcome = match self.order.status {
            Status::Declined => Outcome::Declined,
            // It may have been called off since: that is the answer to another request.
            _ => Outcome::Ordered(self.order.id),
        };
        Answer { outcome, body: self.body, replayed }
    }
}
