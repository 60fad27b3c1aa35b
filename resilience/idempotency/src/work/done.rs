use bytes::Bytes;

/// An effect has happened, and this is its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// By this try.
    Ran(Bytes),
    /// By another, whose record it is. If this try has lost its claim in the middle of the effect
    /// and another has completed it, it is that as well: every try gives the same answer.
    Replayed(Bytes),
}

impl Done {
    /// The record, whoever made it.
    pub fn record(&self) -> &Bytes {
        let (Self::Ran(record) | Self::Replayed(record)) = self;
        record
    }

    /// The record, whoever made it.
    pub fn into_record(self) -> Bytes {
        let (Self::Ran(record) | Self::Replayed(record)) = self;
        record
    }

    /// Whether another try made the record.
    pub fn is_replayed(&self) -> bool {
        matches!(self, Self::Replayed(_))
    }
}
