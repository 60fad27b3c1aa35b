use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::post as route;
use bytes::Bytes;
use futures_util::future::join_all;
use http::StatusCode;
use mainstay_idempotency::{IdempotencyLayer, MemoryStore, Scope};

use super::support::*;

/// Scenario 1, in one process: 64 equal answers and one effect. Those that wait are handed the
/// record, and the store is not asked by them at all.
#[tokio::test(start_paused = true)]
async fn of_64_posts_at_once_one_runs() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), orders(&effects, SECOND));
    let seen = join_all((0..64).map(|_| ask(&service, post("a")))).await;
    assert!(seen.iter().all(|seen| (seen.status, seen.text()) == (201, "order 1")));
    assert_eq!(seen.iter().filter(|seen| !seen.is_replayed()).count(), 1);
    assert_eq!(effects.count(), 1);
    assert_eq!((store.claims.count(), store.completions.count()), (1, 1));
}

/// Scenario 1, in eight processes.
#[tokio::test(start_paused = true)]
async fn of_64_posts_to_8_processes_one_runs() {
    let (store, effects) = (store(), Effects::default());
    let services: Vec<_> =
        (0..8).map(|_| served(&process(&store), orders(&effects, SECOND))).collect();
    let calls = (0..64).map(|at| ask(&services[at % 8], post("a")));
    let seen = join_all(calls).await;
    assert!(seen.iter().all(|seen| (seen.status, seen.text()) == (201, "order 1")));
    assert_eq!(seen.iter().filter(|seen| !seen.is_replayed()).count(), 1);
    assert_eq!((effects.count(), store.completions.count()), (1, 1));
    // One of each process asks for all of it: with pauses up to 250 ms, 9 times in a second.
    assert!(store.claims.count() <= 8 * 10, "{}", store.claims.count());
}

/// Scenario 1, on an axum router and on threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_posts_to_a_router_on_threads_one_runs() {
    async fn create(State(effects): State<Effects>, body: Bytes) -> (StatusCode, String) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        (StatusCode::CREATED, format!("{} {:?}", effects.happen(), body))
    }
    let effects = Effects::default();
    let layer = IdempotencyLayer::at_least_once(MemoryStore::new())
        .scope(|request| Scope::of([request.uri.path()]));
    let router: Router = Router::new()
        .route("/orders", route(create))
        .layer(layer.respond())
        .with_state(effects.clone());
    for round in 0..20 {
        let tasks = (0..64).map(|_| {
            let router = router.clone();
            tokio::spawn(async move { ask(&router, post(&format!("key-{round}"))).await })
        });
        let seen: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        let expected = format!("{} b\"body\"", round + 1);
        assert!(seen.iter().all(|seen| seen.status == 201 && seen.text() == expected));
        assert_eq!(seen.iter().filter(|seen| !seen.is_replayed()).count(), 1);
    }
    assert_eq!(effects.count(), 20);
}

/// Scenario 3.
#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_ours() {
    for faults in [vec![Fault::After], vec![Fault::Before, Fault::After], vec![Fault::Late(60_000)]]
    {
        let (store, effects) = (store(), Effects::default());
        let tries = faults.len() + 1;
        store.claims.then(faults);
        let service = served(&process(&store), orders(&effects, Duration::ZERO));
        let seen = ask(&service, post("a")).await;
        assert_eq!((seen.status, seen.is_replayed()), (201, false));
        assert_eq!((effects.count(), store.claims.count()), (1, tries));
    }
}

/// Scenario 4.
#[tokio::test(start_paused = true)]
async fn a_completion_whose_answer_was_lost_is_done() {
    for fault in [Fault::After, Fault::Before, Fault::Late(60_000), Fault::Hangs] {
        let (store, effects) = (store(), Effects::default());
        store.completions.then([fault]);
        let service = served(&process(&store), orders(&effects, Duration::ZERO));
        let seen = ask(&service, post("a")).await;
        assert_eq!((seen.status, seen.is_replayed()), (201, false));
        assert!(ask(&service, post("a")).await.is_replayed());
        assert_eq!((effects.count(), store.completions.count()), (1, 2));
    }
}

/// Scenario 5: a process has died with its claim.
#[tokio::test(start_paused = true)]
async fn the_key_of_a_dead_process_is_waited_for_then_taken_over() {
    let (store, effects) = (store(), Effects::default());
    let dead = dead_claim(&store, "a", "body").await;
    let service = served(&process(&store), {
        let effects = effects.clone();
        move |request| {
            let (attempt, effects) = (attempt(&request), effects.clone());
            async move {
                assert!(attempt.taken_over() && attempt.fence() > dead.fence);
                assert_eq!(attempt.key(), key("a"));
                created(effects.happen())
            }
        }
    });
    let start = tokio::time::Instant::now();
    let seen = ask(&service, post("a")).await;
    assert_eq!(seen.refusal(), refused(409, "IDEMPOTENCY_IN_PROGRESS"));
    assert_eq!(seen.headers["retry-after"], "1");
    assert_eq!(start.elapsed(), 2 * SECOND);
    // Scenario I6: who waits when the lease ends is not kept waiting.
    tokio::time::advance(7 * SECOND).await;
    let start = tokio::time::Instant::now();
    assert_eq!(ask(&service, post("a")).await.status, 201);
    assert!(start.elapsed() <= SECOND + Duration::from_millis(260), "{:?}", start.elapsed());
    assert_eq!(effects.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn at_most_once_the_key_of_a_dead_process_is_never_taken_over() {
    let (store, effects) = (store(), Effects::default());
    dead_claim(&store, "a", "body").await;
    let layer = IdempotencyLayer::at_most_once(store.clone())
        .scope(|request| Scope::of([request.uri.path()]));
    let service = served(&layer, orders(&effects, Duration::ZERO));
    tokio::time::advance(LEASE + SECOND).await;
    for _ in 0..2 {
        let refusal = ask(&service, post("a")).await.refusal();
        assert_eq!(refusal, refused(409, "IDEMPOTENCY_OUTCOME_UNKNOWN"));
    }
    assert_eq!(effects.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_try_that_gives_up_its_key_runs() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store), {
        let effects = effects.clone();
        move |_| {
            let number = effects.happen();
            async move {
                tokio::time::sleep(SECOND / 2).await;
                if number < 3 { with_status(503) } else { created(number) }
            }
        }
    });
    let seen = join_all((0..4).map(|_| ask(&service, post("a")))).await;
    let mut statuses: Vec<_> = seen.iter().map(|seen| seen.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 503, 503]);
    assert_eq!(effects.count(), 3);
}

/// Scenario 26: what a later release has written is not guessed at, nor run again.
#[tokio::test]
async fn a_record_that_cannot_be_read_is_refused() {
    use mainstay_idempotency::Store;

    let (store, effects) = (store(), Effects::default());
    let held = dead_claim(&store, "a", "body").await;
    store.inner.complete(&held, Bytes::from_static(&[9, 9, 9]), LEASE).await.unwrap();
    let service = served(&process(&store), orders(&effects, Duration::ZERO));
    let refusal = ask(&service, post("a")).await.refusal();
    assert_eq!(refusal, refused(503, "IDEMPOTENCY_STORE_UNAVAILABLE"));
    assert_eq!(effects.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_wait_at_all_is_an_answer_at_once() {
    let (store, effects) = (store(), Effects::default());
    let service = served(&process(&store).wait(Duration::ZERO), orders(&effects, SECOND));
    let (first, second) = tokio::join!(ask(&service, post("a")), ask(&service, post("a")));
    assert_eq!((first.status, second.status), (201, 409));
    let empty = http::Request::post("/orders").header("idempotency-key", "a");
    assert_eq!(ask(&service, empty.body(Body::empty()).unwrap()).await.status, 422);
}

/// What became of a try that has died is not known any better after one that has failed.
#[tokio::test(start_paused = true)]
async fn a_takeover_is_told_of_until_there_is_an_answer() {
    let (store, effects) = (store(), Effects::default());
    dead_claim(&store, "a", "body").await;
    tokio::time::advance(LEASE).await;
    let layer = process(&store);
    let service = served(&layer, {
        let effects = effects.clone();
        move |request| {
            assert!(attempt(&request).taken_over());
            let number = effects.happen();
            async move {
                if number == 2 {
                    tokio::time::sleep(SECOND).await;
                }
                if number < 4 { with_status(503) } else { created(number) }
            }
        }
    });
    assert_eq!(ask(&service, post("a")).await.status, 503);
    // One that goes with its client, as does what settles its key.
    let dropped = served(&layer.clone().dropped_with_the_client(), |request| {
        assert!(attempt(&request).taken_over());
        std::future::pending()
    });
    assert!(tokio::time::timeout(SECOND, ask(&dropped, post("a"))).await.is_err());
    layer.drain().await;
    assert_eq!(ask(&service, post("a")).await.status, 503);
    assert_eq!(ask(&service, post("a")).await.status, 503);
    assert_eq!(ask(&service, post("a")).await.text(), "order 4");
    assert!(ask(&service, post("a")).await.is_replayed());
    assert_eq!(store.releases.count(), 0);
}
