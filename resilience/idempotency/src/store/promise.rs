/// What a store promises, and on what that rests.
///
/// All stores promise that of several claims one is granted, that a stale holder changes nothing,
/// and that fences rise, as long as they keep their data. This is about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promise {
    /// Claims and records are there after the store's process has died.
    pub survives_restart: bool,
    /// Fences rise even across the loss of all data, as they come from a clock that does not step
    /// back. Otherwise they do as long as the data is kept.
    pub fences_survive_loss: bool,
}

impl Promise {
    /// Claims and records go with the process.
    pub const fn in_memory() -> Self {
        Self { survives_restart: false, fences_survive_loss: true }
    }

    /// Claims and records are on disk before a call is answered.
    pub const fn durable() -> Self {
        Self { survives_restart: true, fences_survive_loss: false }
    }

    /// The same, and fences come from a clock.
    #[must_use]
    pub const fn fenced_by_clock(mut self) -> Self {
        self.fences_survive_loss = true;
        self
    }
}
