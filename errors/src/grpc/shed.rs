/// The name, in `ErrorInfo.metadata`, of the list of what did not fit.
pub(crate) const DROPPED_DETAILS: &str = "droppedDetails";

/// What is left out when a status is too large for its headers, in this order: what helps
/// people first, what programs act on last. `ErrorInfo` itself, with reason and domain, is kept
/// as long as anything is.
pub(super) const ORDER: [Shed; 12] = [
    Shed::DebugInfo,
    Shed::Help,
    Shed::LocalizedMessage,
    Shed::Other,
    Shed::ResourceInfo,
    Shed::QuotaFailure,
    Shed::PreconditionFailure,
    Shed::FieldViolationsOver(16),
    Shed::FieldViolationsOver(0),
    Shed::RequestInfo,
    Shed::Metadata,
    Shed::RetryInfo,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shed {
    DebugInfo,
    Help,
    LocalizedMessage,
    Other,
    ResourceInfo,
    QuotaFailure,
    PreconditionFailure,
    /// All but the first of them.
    FieldViolationsOver(usize),
    RequestInfo,
    Metadata,
    RetryInfo,
}

/// How far down the order a status had to go: the number of steps taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shedding(usize);

impl Shedding {
    /// From nothing left out to everything.
    pub(super) fn steps() -> impl Iterator<Item = Self> {
        (0..=ORDER.len()).map(Self)
    }

    pub(super) fn taken(self) -> &'static [Shed] {
        ORDER.get(..self.0).unwrap_or(&ORDER)
    }

    pub(super) fn keeps(self, what: Shed) -> bool {
        !self.taken().contains(&what)
    }

    /// The most field violations that are kept.
    pub(super) fn most_violations(self) -> usize {
        let limit = |shed: &Shed| match shed {
            Shed::FieldViolationsOver(most) => Some(*most),
            _ => None,
        };
        self.taken().iter().filter_map(limit).min().unwrap_or(usize::MAX)
    }
}

impl Shed {
    /// What `droppedDetails` calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Shed::DebugInfo => "DebugInfo",
            Shed::Help => "Help",
            Shed::LocalizedMessage => "LocalizedMessage",
            Shed::Other => "Any",
            Shed::ResourceInfo => "ResourceInfo",
            Shed::QuotaFailure => "QuotaFailure",
            Shed::PreconditionFailure => "PreconditionFailure",
            Shed::FieldViolationsOver(_) => "BadRequest",
            Shed::RequestInfo => "RequestInfo",
            Shed::Metadata => "metadata",
            Shed::RetryInfo => "RetryInfo",
        }
    }
}
