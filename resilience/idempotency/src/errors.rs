//! Refusals as faults.

use std::fmt;
use std::time::Duration;

use mainstay_errors::{Fault, FaultRow, FaultTable, Kind};

use crate::{Refused, RefusedKind};

const fn kind(kind: RefusedKind) -> Kind<'static> {
    let (code, reason) = (kind.code(), kind.reason());
    match kind {
        RefusedKind::KeyReused => Kind::new(code, reason).status(422),
        RefusedKind::OutcomeUnknown | RefusedKind::AnswerNotKept => {
            Kind::new(code, reason).status(409)
        }
        RefusedKind::BodyTooLarge => Kind::new(code, reason).status(413),
        _ => Kind::new(code, reason),
    }
}

/// With the code, the HTTP status and the reason of its [kind](RefusedKind). The error of the store
/// is internal.
///
/// A `FaultLayer` around the layer finds it by `recognise::<Refused>()`, and answers with it in the
/// one shape of the service; [`respond`](crate::IdempotencyLayer::respond) is then not needed.
///
/// ```
/// use axum::{Router, routing::post};
/// use mainstay_errors::FaultLayer;
/// use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Refused, Scope};
/// use tower::ServiceBuilder;
///
/// # async fn create() {}
/// let idempotency = IdempotencyLayer::at_least_once(MemoryStore::new())
///     .scope(|request| Scope::of([request.uri.path()]));
/// let faults = FaultLayer::new().domain("orders.example.com").recognise::<Refused>();
/// let router: Router = Router::new()
///     .route("/orders", post(create))
///     .layer(ServiceBuilder::new().layer(faults).layer(idempotency));
/// ```
impl Fault for Refused {
    fn kind(&self) -> Kind<'_> {
        kind(Refused::kind(self))
    }

    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Refused::kind(self).message())
    }

    fn retry_after(&self) -> Option<Duration> {
        Refused::retry_after(self)
    }

    fn table() -> &'static FaultTable {
        const fn row(of: RefusedKind) -> FaultRow {
            FaultRow::new(kind(of), of.message())
        }
        const ROWS: [FaultRow; RefusedKind::EACH.len()] = {
            let [a, b, c, d, e, f, g, h, i, j, k] = RefusedKind::EACH;
            [row(a), row(b), row(c), row(d), row(e), row(f), row(g), row(h), row(i), row(j), row(k)]
        };
        const { &FaultTable::new(&ROWS, &[]) }
    }
}

mainstay_errors::fault_conversions!(Refused);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_the_status_of_its_kind() {
        for of in RefusedKind::EACH {
            let fault = Refused::new(of);
            assert_eq!(Fault::kind(&fault).http_status(), of.http_status());
            assert_eq!(Fault::kind(&fault).reason, of.reason());
            assert_eq!(Fault::kind(&fault).code, of.code());
        }
    }
}
