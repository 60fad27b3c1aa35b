//! A client that retries until it is answered, in front of servers whose store is cut off, and
//! whose connections are dropped, at any point.

use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use super::support::*;

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        4 => Just(Fault::None),
        1 => Just(Fault::Before),
        1 => Just(Fault::After),
        1 => (1_u64..3000).prop_map(Fault::Late),
        1 => Just(Fault::Hangs),
    ];
    prop::collection::vec(fault, 0..8)
}

/// Tries until it is answered, and gives up each try after a while.
async fn retrying<S>(service: &S, patience: &[u64]) -> Seen
where
    S: tower::Service<
            http::Request<axum::body::Body>,
            Response = http::Response<mainstay_idempotency::IdempotencyBody<axum::body::Body>>,
            Error = std::convert::Infallible,
        > + Clone,
{
    for millis in patience.iter().copied().chain(std::iter::repeat(60_000)) {
        let patience = Duration::from_millis(millis);
        match timeout(patience, ask(service, post("a"))).await {
            Ok(seen) if seen.status == 201 => return seen,
            Ok(seen) => assert!(matches!(seen.status, 409 | 503), "{seen:?}"),
            Err(_) => {}
        }
        sleep(SECOND).await;
    }
    unreachable!("it tries for ever")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// All clients are told the same (I1, I2). As long as leases can be renewed and answers can be
    /// stored within them, that is the one effect.
    #[test]
    fn all_are_told_the_same(
        claims in faults(),
        completions in faults(),
        releases in faults(),
        renewals in faults(),
        takes in 0_u64..20_000,
        patience in prop::collection::vec(prop::collection::vec(0_u64..5000, 0..4), 2..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (store, effects) = (store(), Effects::default());
            let may_be_lost = completions.iter().filter(|it| **it != Fault::None).count() >= 4
                || renewals.iter().any(|it| *it != Fault::None);
            store.claims.then(claims);
            store.completions.then(completions);
            store.releases.then(releases);
            store.renewals.then(renewals);
            let takes = Duration::from_millis(takes);
            let services: Vec<_> =
                patience.iter().map(|_| served(&process(&store), orders(&effects, takes))).collect();
            let clients = services.iter().zip(&patience);
            let seen = join_all(clients.map(|(service, patience)| retrying(service, patience))).await;
            let [first, rest @ ..] = &seen[..] else { panic!() };
            assert!(rest.iter().all(|seen| seen.body == first.body), "{seen:?}");
            assert!(may_be_lost || effects.count() == 1, "{}", effects.count());
        });
    }
}
