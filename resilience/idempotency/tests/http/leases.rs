use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use tokio::sync::oneshot;
use tokio::task::consume_budget;
use tokio::time::{Instant, advance, sleep, timeout};
use tower::ServiceExt;

use super::support::*;

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_long_keeps_its_claim() {
    let (store, effects) = (store(), Effects::default());
    let here = served(&process(&store), orders(&effects, 10 * LEASE));
    let there = served(&process(&store), orders(&effects, 10 * LEASE));
    let first = tokio::spawn(async move { ask(&here, post("a")).await });
    for _ in 0..9 {
        sleep(8 * SECOND).await;
        assert_eq!(ask(&there, post("a")).await.status, 409);
    }
    assert_eq!(first.await.unwrap().status, 201);
    assert!(ask(&there, post("a")).await.is_replayed());
    assert_eq!(effects.count(), 1);
    // Three in each lease.
    assert!((28..=31).contains(&store.renewals.count()), "{}", store.renewals.count());
}

/// Scenario 11: told before the store lets another try in, however renewals fail.
#[tokio::test(start_paused = true)]
async fn who_cannot_renew_is_told_before_the_lease_ends() {
    for fault in [Fault::Before, Fault::Hangs, Fault::After] {
        let store = store();
        let service = served(&process(&store), |request| {
            let attempt = attempt(&request);
            async move {
                let start = Instant::now();
                assert!(!attempt.is_lost());
                let lost = attempt.lost();
                timeout(2 * LEASE, lost.cancelled()).await.unwrap();
                assert!(attempt.is_lost());
                let after = start.elapsed().as_millis();
                created(usize::try_from(after).unwrap())
            }
        });
        // Those that get through and are not answered prolong the lease all the same.
        store.renewals.always(fault);
        let seen = ask(&service, post("a")).await;
        assert_eq!(seen.text(), "order 9000", "{fault:?}");
        assert!(store.renewals.count() > 3, "{fault:?}: it has tried more than once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_now_and_then_is_repeated() {
    let (store, effects) = (store(), Effects::default());
    store.renewals.then([Fault::Before, Fault::Hangs, Fault::None, Fault::Before]);
    let service = served(&process(&store), |request| {
        let attempt = attempt(&request);
        async move {
            sleep(5 * LEASE).await;
            assert!(!attempt.is_lost());
            created(1)
        }
    });
    assert_eq!(ask(&service, post("a")).await.status, 201);
    assert_eq!(effects.count(), 0);
}

/// A process that is cut off from the store while another takes its key over: what the other and
/// the first then do, in this order.
async fn taken_over<A, B>(
    first_takes: Duration,
    first_answers: impl Fn() -> A + Clone + Send + Sync + 'static,
    second_takes: Duration,
    second_answers: impl Fn() -> B + Clone + Send + Sync + 'static,
) -> (Seen, Seen, std::sync::Arc<Wired>)
where
    A: Into<axum::response::Response> + Send,
    B: Into<axum::response::Response> + Send,
{
    let store = store();
    store.renewals.always(Fault::Before);
    let first = served(&process(&store), move |_| {
        let answer = first_answers.clone();
        async move {
            sleep(first_takes).await;
            answer().into()
        }
    });
    let second = served(&process(&store), move |request| {
        let (attempt, answer) = (attempt(&request), second_answers.clone());
        async move {
            assert!(attempt.taken_over());
            sleep(second_takes).await;
            answer().into()
        }
    });
    let first = tokio::spawn(async move { ask(&first, post("a")).await });
    settle().await;
    sleep(LEASE).await;
    let second = tokio::spawn(async move { ask(&second, post("a")).await });
    (first.await.unwrap(), second.await.unwrap(), store)
}

/// Scenarios 9 and 10: the answer of who has taken it over is the only one.
#[tokio::test(start_paused = true)]
async fn who_returns_after_another_has_answered_gives_that_answer() {
    let (first, second, _) = taken_over(2 * LEASE, || created(1), SECOND, || created(2)).await;
    assert_eq!((second.status, second.text(), second.is_replayed()), (201, "order 2", false));
    assert_eq!((first.status, first.text(), first.is_replayed()), (201, "order 2", true));
}

/// Scenario 10, while the other still runs.
#[tokio::test(start_paused = true)]
async fn who_returns_while_another_runs_gives_no_answer() {
    let (first, second, _) =
        taken_over(LEASE + SECOND, || created(1), LEASE / 2, || created(2)).await;
    assert_eq!(first.refusal(), refused(409, "IDEMPOTENCY_IN_PROGRESS"));
    assert_eq!((second.status, second.text()), (201, "order 2"));
}

/// Scenarios 9 and 13: its release frees nothing.
#[tokio::test(start_paused = true)]
async fn who_returns_and_gives_up_gives_up_nothing_of_others() {
    let (first, second, store) =
        taken_over(LEASE + SECOND, || with_status(500), LEASE / 2, || created(2)).await;
    assert_eq!((first.status, second.status), (500, 201));
    let effects = Effects::default();
    let third = served(&process(&store), orders(&effects, SECOND));
    assert_eq!(ask(&third, post("a")).await.text(), "order 2");
    assert_eq!(effects.count(), 0);
}

/// Nobody has taken it over: the store takes the answer, and so it is the one.
#[tokio::test(start_paused = true)]
async fn a_lease_that_has_ended_and_that_nobody_took_can_be_completed() {
    let (store, effects) = (store(), Effects::default());
    store.renewals.always(Fault::Before);
    let service = served(&process(&store), orders(&effects, 2 * LEASE));
    assert_eq!(ask(&service, post("a")).await.status, 201);
    assert!(ask(&service, post("a")).await.is_replayed());
}

/// Those that wait in the same process are handed what the store has made the answer.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_try_that_has_lost_its_claim_is_given_the_others_answer() {
    let (store, effects) = (store(), Effects::default());
    let (done, wait) = oneshot::channel::<()>();
    let wait = std::sync::Arc::new(tokio::sync::Mutex::new(Some(wait)));
    store.renewals.always(Fault::Before);
    let here = served(&process(&store), {
        move |_| {
            let wait = wait.clone();
            async move {
                let wait = wait.lock().await.take().unwrap();
                wait.await.unwrap();
                created(7)
            }
        }
    });
    let there = served(&process(&store), orders(&effects, Duration::ZERO));
    let first = tokio::spawn({
        let here = here.clone();
        async move { ask(&here, post("a")).await }
    });
    settle().await;
    advance(LEASE).await;
    assert_eq!(ask(&there, post("a")).await.text(), "order 1");
    let waiting = tokio::spawn(async move { ask(&here, post("a")).await });
    settle().await;
    done.send(()).unwrap();
    assert_eq!(first.await.unwrap().text(), "order 1");
    assert_eq!(waiting.await.unwrap().text(), "order 1");
}

/// The store would still renew it: the claim is kept from those who come later.
#[tokio::test(start_paused = true)]
async fn renewals_go_on_after_an_outage_that_was_longer_than_the_lease() {
    let (store, effects) = (store(), Effects::default());
    store.renewals.always(Fault::Before);
    let here = served(&process(&store), orders(&effects, 6 * LEASE));
    let there = served(&process(&store), orders(&effects, SECOND));
    let first = tokio::spawn(async move { ask(&here, post("a")).await });
    sleep(2 * LEASE).await;
    store.renewals.always(Fault::None);
    sleep(LEASE / 2).await;
    assert_eq!(ask(&there, post("a")).await.status, 409);
    assert_eq!(first.await.unwrap().text(), "order 1");
    assert!(ask(&there, post("a")).await.is_replayed());
    assert_eq!(effects.count(), 1);
}

/// A lease counts from the call that was granted it, not from one before that was lost.
#[tokio::test(start_paused = true)]
async fn a_claim_that_was_granted_late_is_renewed() {
    let (store, effects) = (store(), Effects::default());
    store.claims.then([Fault::Hangs, Fault::Hangs]);
    let lease = Duration::from_secs(1);
    let service = served(&process(&store).lease(lease), {
        let effects = effects.clone();
        move |request| {
            let (attempt, effects) = (attempt(&request), effects.clone());
            async move {
                sleep(3 * lease).await;
                assert!(!attempt.is_lost());
                created(effects.happen())
            }
        }
    });
    assert_eq!(ask(&service, post("a")).await.text(), "order 1");
    assert!(store.renewals.count() >= 8, "{}", store.renewals.count());
}

/// An owner that has lost its claim is in nobody's way, though it runs on.
#[tokio::test(start_paused = true)]
async fn the_answer_of_who_has_taken_over_is_known_where_the_first_still_runs() {
    let (store, effects) = (store(), Effects::default());
    store.renewals.always(Fault::Before);
    let here = served(&process(&store), orders(&effects, 60 * LEASE));
    let there = served(&process(&store), |_| std::future::ready(created(7)));
    let first = tokio::spawn({
        let here = here.clone();
        async move { ask(&here, post("a")).await }
    });
    sleep(LEASE).await;
    assert_eq!(ask(&there, post("a")).await.text(), "order 7");
    let later = ask(&here, post("a")).await;
    assert_eq!((later.text(), later.is_replayed()), ("order 7", true));
    assert_eq!(first.await.unwrap().text(), "order 7");
}

/// No configuration panics.
#[tokio::test(start_paused = true)]
async fn durations_have_no_limits() {
    for time in [Duration::ZERO, Duration::MAX] {
        let (store, effects) = (store(), Effects::default());
        let layer = process(&store).lease(time).wait(time).keep(time).stream_after(time);
        let layer = if time.is_zero() { layer } else { layer.store_timeout(time) };
        let service = served(&layer, orders(&effects, SECOND));
        let (first, second) = tokio::join!(ask(&service, post("a")), ask(&service, post("a")));
        assert_eq!(first.status, 201);
        assert_eq!(second.status, if time.is_zero() { 409 } else { 201 });
    }
}

/// Lets the time pass, and takes all of tokio's budget whenever it is polled.
async fn busy(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        poll_fn(|cx| {
            while pin!(consume_budget()).poll(cx).is_ready() {}
            Poll::Ready(())
        })
        .await;
        advance(Duration::from_millis(100)).await;
    }
}

/// Nor is its effect repeated.
#[tokio::test(start_paused = true)]
async fn a_handler_that_is_busy_keeps_its_claim() {
    let (store, effects) = (store(), Effects::default());
    let here = served(&process(&store), {
        let effects = effects.clone();
        move |request| {
            let (attempt, effects) = (attempt(&request), effects.clone());
            async move {
                busy(5 * LEASE).await;
                assert!(!attempt.is_lost());
                created(effects.happen())
            }
        }
    });
    let there = served(&process(&store), orders(&effects, Duration::ZERO));
    let first = tokio::spawn(async move { ask(&here, post("a")).await });
    sleep(2 * LEASE).await;
    let second = ask(&there, post("a")).await;
    assert_eq!((first.await.unwrap().status, second.status, effects.count()), (201, 409, 1));
    assert!((14..=16).contains(&store.renewals.count()), "{}", store.renewals.count());
}

/// As where something blocks the thread that would poll it.
#[tokio::test(start_paused = true)]
async fn who_is_not_polled_is_in_nobodys_way_after_its_lease() {
    let (store, effects) = (store(), Effects::default());
    let here = served(&process(&store).wait(2 * LEASE), orders(&effects, SECOND));
    let mut first = Box::pin(here.clone().oneshot(post("a")));
    assert!(poll!(first.as_mut()).is_pending());
    // One that waits already, …
    assert_eq!(ask(&here, post("a")).await.text(), "order 1");
    // … one with another answer in the store, and one with another request.
    let mut first = Box::pin(here.clone().oneshot(post("b")));
    assert!(poll!(first.as_mut()).is_pending());
    sleep(LEASE).await;
    let there = served(&process(&store), |_| std::future::ready(created(7)));
    assert_eq!(ask(&there, post("b")).await.text(), "order 7");
    assert_eq!(ask(&here, post("b")).await.text(), "order 7");
    assert_eq!(ask(&here, post_of("b", "else")).await.status, 422);
    assert_eq!(first.await.unwrap().headers()["idempotency-replayed"], "true");
}

/// The effect has happened: that its answer is still on its way to the store is no reason to let
/// another try repeat it.
#[tokio::test(start_paused = true)]
async fn a_claim_is_kept_while_its_answer_is_stored() {
    let (store, effects) = (store(), Effects::default());
    store.completions.then([Fault::Hangs, Fault::Hangs]);
    let layer = || process(&store).lease(SECOND);
    let here = served(&layer(), orders(&effects, SECOND / 2));
    let there = served(&layer(), orders(&effects, Duration::ZERO));
    let first = tokio::spawn(async move { ask(&here, post("a")).await });
    settle().await;
    let second = ask(&there, post("a")).await;
    assert_eq!(first.await.unwrap().text(), "order 1");
    assert_eq!((second.text(), second.is_replayed()), ("order 1", true));
    assert_eq!(effects.count(), 1);
}
