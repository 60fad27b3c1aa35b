use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Fault, Kind};

/// Every kind of fault that a type can be. `#[derive(Fault)]` makes it.
#[derive(Clone, Copy, Debug)]
pub struct FaultTable {
    rows: &'static [FaultRow],
    inner: &'static [fn() -> &'static FaultTable],
}

/// How far tables are followed: a type may contain itself in a box.
const DEEPEST: usize = 16;

/// One kind of fault, as the catalogue lists it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRow {
    /// Code, status, reason and the rest of what does not vary.
    pub kind: Kind<'static>,
    /// The public message, with holes as `{id}`.
    pub message: &'static str,
    /// The keys of the metadata.
    pub metadata: &'static [&'static str],
    /// The retry hint, where it is constant.
    pub retry_after: Option<Duration>,
}

impl FaultTable {
    /// No kinds.
    pub const EMPTY: FaultTable = FaultTable::new(&[], &[]);

    /// A table of these kinds and of those in other types' tables.
    pub const fn new(
        rows: &'static [FaultRow],
        inner: &'static [fn() -> &'static FaultTable],
    ) -> Self {
        Self { rows, inner }
    }

    /// The kinds, those of other tables included.
    pub fn rows(&self) -> Vec<&'static FaultRow> {
        self.rows_to(DEEPEST)
    }

    fn rows_to(&self, depth: usize) -> Vec<&'static FaultRow> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        if depth > 0 {
            rows.extend(self.inner.iter().flat_map(|inner| inner().rows_to(depth - 1)));
        }
        rows
    }
}

impl FaultRow {
    /// A kind with its public message, no metadata and no constant retry hint.
    pub const fn new(kind: Kind<'static>, message: &'static str) -> Self {
        Self { kind, message, metadata: &[], retry_after: None }
    }

    /// The same with these keys of metadata.
    #[must_use]
    pub const fn metadata(mut self, keys: &'static [&'static str]) -> Self {
        self.metadata = keys;
        self
    }

    /// The same with this retry hint.
    #[must_use]
    pub const fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}

/// The faults that a service can answer with: for its documentation, and for a check that no
/// reason ever changes its meaning.
///
/// ```
/// # use mainstay_errors::{Catalogue, Fault};
/// # #[derive(Debug, thiserror::Error, Fault)]
/// # #[fault(domain = "orders.example.com")]
/// # enum OrderError {
/// #     #[error("no order {id}")]
/// #     #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
/// #     NotFound { #[fault(public)] id: u64 },
/// # }
/// let catalogue = Catalogue::new().with::<OrderError>()?;
/// let row = catalogue.rows()[0];
/// assert_eq!(row.kind.reason, "ORDER_NOT_FOUND");
/// assert_eq!(row.message, "There is no order {id}.");
/// assert!(catalogue.to_json().contains("\"metadata\": [\n        \"id\"\n      ]"));
/// # Ok::<(), mainstay_errors::ReasonConflict>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    domain: Option<&'static str>,
    rows: Vec<FaultRow>,
}

/// One reason of one domain stands for two kinds of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonConflict {
    domain: Option<&'static str>,
    reason: &'static str,
}

impl Catalogue {
    /// A catalogue of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The domain of faults that name none, as [`FaultLayer::domain`](crate::FaultLayer::domain)
    /// fills it in. Say it first.
    #[must_use]
    pub fn domain(mut self, domain: &'static str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// Adds the faults of a type. What is there already, word for word, is not added again.
    ///
    /// # Errors
    ///
    /// [`ReasonConflict`] if a reason is there already with another meaning.
    pub fn with<F: Fault>(mut self) -> Result<Self, ReasonConflict> {
        for row in F::table().rows() {
            let row = FaultRow { kind: row.kind.or_domain(self.domain), ..*row };
            let name = |row: &FaultRow| (row.kind.domain, row.kind.reason);
            match self.rows.iter().find(|known| name(known) == name(&row)) {
                None => self.rows.push(row),
                Some(known) if *known == row => {}
                Some(_) => {
                    let (domain, reason) = name(&row);
                    return Err(ReasonConflict { domain, reason });
                }
            }
        }
        Ok(self)
    }

    /// The faults, in the order they were added.
    pub fn rows(&self) -> &[FaultRow] {
        &self.rows
    }

    /// The catalogue as a JSON document, `{"faults": [...]}`, for people and programs to compare.
    pub fn to_json(&self) -> String {
        let faults: Vec<Value> = self.rows.iter().map(row_to_json).collect();
        format!("{:#}", json!({ "faults": faults }))
    }
}

fn row_to_json(row: &FaultRow) -> Value {
    let kind = row.kind;
    let members = [
        ("domain", kind.domain.map(Value::from)),
        ("reason", Some(kind.reason.into())),
        ("code", Some(kind.code.name().into())),
        ("status", Some(kind.http_status().as_u16().into())),
        ("message", Some(row.message.into())),
        ("metadata", Some(row.metadata.into())),
        ("title", kind.title.map(Value::from)),
        ("type", kind.type_uri.map(Value::from)),
        ("help", kind.help.map(Value::from)),
        ("retry_after_ms", row.retry_after.and_then(millis)),
    ];
    let present = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
    Value::Object(members.into_iter().filter_map(present).collect())
}

fn millis(wait: Duration) -> Option<Value> {
    u64::try_from(wait.as_millis()).ok().map(Value::from)
}

impl fmt::Display for ReasonConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.domain.unwrap_or("no domain");
        write!(f, "reason {} of {domain} stands for two kinds of fault", self.reason)
    }
}

impl std::error::Error for ReasonConflict {}
