//! Breakers by key, beside what their model says.

use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::time::{Instant, SystemTime};

use http::uri::Authority;
use http::{Request, Response};
use mainstay_core::{Clock, ManualClock};
use mainstay_resilience::TokioClock;
use mainstay_resilience::breaker::{
    Builder, CircuitBreaker, CircuitBreakers, Config, Consecutive, Event, InvalidConfig, Mode,
    State, TripWhen, Window,
};
use mainstay_resilience::classify::Verdict;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use super::{SECOND, Told, at, counts, fail, quick, succeed};

fn capacity(capacity: usize) -> NonZeroUsize {
    capacity.try_into().unwrap()
}

fn counting() -> Builder {
    let config = Config::default().without_rules().window(Window::calls(10_000));
    CircuitBreaker::builder("tenants").config(config)
}

/// Each is told of by its own name, and none knows of the others.
#[test]
fn each_key_has_its_own() {
    let told = Told::default();
    let hosts = CircuitBreakers::<String>::new(quick().observer(told.observer())).unwrap();
    fail(&hosts.get("a"));
    let open = hosts.try_acquire("a").unwrap_err();
    assert_eq!(open.name(), "payments/a");
    assert!(hosts.try_acquire("b").is_ok());
    let events = told.take();
    assert!(matches!(&events[0], Event::Changed { name, .. } if name.as_str() == "payments/a"));
    let mut keys: Vec<_> = hosts.entries().into_iter().map(|(key, _)| key).collect();
    keys.sort();
    assert!(!hosts.is_empty());
    assert_eq!((keys, hosts.len(), hosts.capacity()), (vec!["a".into(), "b".into()], 2, 1024));
    assert!(hosts.find("c").is_none() && hosts.len() == 2);
}

/// Whatever a key is made of.
#[test]
fn strings_are_looked_for_by_their_text() {
    let shared = CircuitBreakers::<Arc<str>>::new(quick()).unwrap();
    fail(&shared.get("a"));
    let key: Arc<str> = "a".into();
    assert!(shared.try_acquire("a").is_err() && shared.try_acquire(&key).is_err());
    let boxed = CircuitBreakers::<Box<str>>::new(quick()).unwrap();
    fail(&boxed.get("a"));
    assert!(boxed.find("a").is_some() && boxed.try_acquire("a").is_err());
    let hosts = CircuitBreakers::<Authority>::new(quick()).unwrap();
    fail(&hosts.get(&Authority::from_static("a")));
    assert!(hosts.try_acquire(&Authority::from_static("a")).is_err());
}

/// By whichever judge.
#[tokio::test(start_paused = true)]
async fn who_calls_by_a_key_says_what_a_failure_is() {
    let hosts = CircuitBreakers::<u8>::new(quick()).unwrap();
    let ignore = |_: &Result<(), &str>| Verdict::ignored();
    assert!(hosts.call_with(&1, ignore, async { Err("no such row") }).await.is_err());
    assert_eq!(at(&hosts.get(&1)).1, State::Closed);
    assert!(hosts.call(&1, async { Err::<(), _>("down") }).await.is_err());
    assert_eq!(at(&hosts.get(&1)).1, State::Open);
}

#[test]
fn one_that_is_removed_is_made_anew() {
    let hosts = CircuitBreakers::<String>::new(quick()).unwrap();
    fail(&hosts.get("a"));
    let old = hosts.remove("a").unwrap();
    assert!(hosts.is_empty() && hosts.remove("a").is_none());
    assert_eq!((at(&old).1, at(&hosts.get("a")).1), (State::Open, State::Closed));
}

#[test]
fn what_is_wrong_is_said_at_once() {
    let wrong = CircuitBreaker::builder("hosts").trip(Consecutive::failures(0));
    let made = CircuitBreakers::<String>::new(wrong);
    assert_eq!(made.err(), Some(InvalidConfig::Consecutive));
}

/// Those that are there, and those that come.
#[test]
fn all_are_told_of_a_mode_and_of_a_configuration() {
    let hosts = CircuitBreakers::<u8>::new(quick()).unwrap();
    let early = hosts.get(&1);
    hosts.set_mode(Mode::ForcedOpen);
    assert_eq!((at(&early).0, at(&hosts.get(&2)).0), (Mode::ForcedOpen, Mode::ForcedOpen));
    assert_eq!(hosts.mode(), Mode::ForcedOpen);
    hosts.set_mode(Mode::Auto);
    assert_eq!(hosts.mode(), Mode::Auto);

    let wrong = hosts.config().window(Window::last(SECOND));
    assert_eq!(hosts.reconfigure(wrong), Err(InvalidConfig::WindowChange));
    assert_eq!(early.config(), hosts.config());
    hosts.reconfigure(hosts.config().trip(Consecutive::failures(2))).unwrap();
    for breaker in [early, hosts.get(&2), hosts.get(&3)] {
        assert_eq!(breaker.config(), hosts.config());
        fail(&breaker);
        assert_eq!(at(&breaker).1, State::Closed);
    }
}

/// Those that were made while the windows were small can become as large as the others.
#[test]
fn they_stay_alike() {
    let hosts = CircuitBreakers::<u8>::new(counting()).unwrap();
    let window = |calls| hosts.config().window(Window::calls(calls));
    hosts.get(&1);
    hosts.reconfigure(window(10)).unwrap();
    hosts.get(&2);
    hosts.reconfigure(window(10_000)).unwrap();
    for (key, breaker) in hosts.entries() {
        (0..5_000).for_each(|_| succeed(&breaker));
        assert_eq!((counts(&breaker), breaker.config()), ((5_000, 0), hosts.config()), "{key}");
    }
}

/// An observer that gives an order while one is given is heard, and nothing waits for itself.
#[test]
fn an_observer_may_give_orders() {
    let hosts = Arc::new(OnceLock::<CircuitBreakers<u8>>::new());
    let late = Arc::clone(&hosts);
    let observer = move |event: &Event| {
        if let (Some(hosts), Event::Changed { to, .. }) = (late.get(), event)
            && to.mode == Mode::ForcedOpen
        {
            hosts.get(&9);
            hosts.set_mode(Mode::Shadow);
        }
    };
    hosts.set(CircuitBreakers::new(quick().observer(observer)).unwrap()).unwrap();
    let hosts = hosts.get().unwrap();
    let breakers = [hosts.get(&1), hosts.get(&2)];
    hosts.set_mode(Mode::ForcedOpen);
    for breaker in breakers.iter().chain(&hosts.find(&9)) {
        assert_eq!(at(breaker).0, Mode::Shadow);
    }
    assert_eq!(hosts.len(), 3);
}

type Order = Box<dyn FnOnce() + Send>;

/// Gives an order when it is read, if it has one: in the middle of whatever reads it.
#[derive(Clone, Default)]
struct Meddler {
    order: Arc<Mutex<(u32, Option<Order>)>>,
}

impl Meddler {
    /// When it is read after so many times more.
    fn give(&self, after: u32, order: impl FnOnce() + Send + 'static) {
        *self.order.lock().unwrap() = (after, Some(Box::new(order)));
    }

    fn is_given(&self) -> bool {
        self.order.lock().unwrap().1.is_none()
    }
}

impl Clock for Meddler {
    fn now(&self) -> Instant {
        let order = {
            let (after, order) = &mut *self.order.lock().unwrap();
            *after = after.saturating_sub(1);
            if *after == 0 { order.take() } else { None }
        };
        if let Some(order) = order {
            order();
        }
        TokioClock.now()
    }

    fn system_time(&self) -> SystemTime {
        TokioClock.system_time()
    }
}

/// At whatever moment of its making the order is given.
#[test]
fn an_order_reaches_one_that_is_just_being_made() {
    for after in 1..=2 {
        let meddler = Meddler::default();
        let hosts = CircuitBreakers::<u8>::new(quick().clock(meddler.clone())).unwrap();
        let other = hosts.clone();
        meddler.give(after, move || {
            other.reconfigure(other.config().trip(Consecutive::failures(7))).unwrap();
        });
        let breaker = hosts.get(&1);
        assert!(meddler.is_given() && hosts.find(&1).is_some());
        assert_eq!(breaker.config().get_consecutive(), Some(Consecutive::failures(7)), "{after}");

        let other = hosts.clone();
        meddler.give(after, move || other.set_mode(Mode::Shadow));
        let breaker = hosts.get(&2);
        assert!(meddler.is_given());
        assert_eq!(at(&breaker).0, Mode::Shadow, "{after}");
    }
}

/// However many threads ask for it at once.
#[test]
fn one_key_is_one_breaker() {
    const THREADS: u32 = 8;
    for _ in 0..50 {
        let tenants = CircuitBreakers::<String>::new(counting()).unwrap();
        let start = Barrier::new(THREADS as usize);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    (0..10).for_each(|_| fail(&tenants.get("a")));
                });
            }
        });
        assert_eq!((tenants.len(), counts(&tenants.get("a"))), (1, (10 * THREADS, 10 * THREADS)));
    }
}

/// The bound holds at each moment, and what somebody has stays what it is.
#[test]
fn the_bound_holds_between_threads() {
    let tenants = CircuitBreakers::<u64>::with_capacity(capacity(8), counting()).unwrap();
    // While there is room: later, others may have all that could go in their hands.
    let owned = [0, 1, 2, 3].map(|thread| (thread, tenants.get(&thread)));
    std::thread::scope(|scope| {
        for (thread, own) in owned {
            let tenants = &tenants;
            scope.spawn(move || {
                for turn in 0..500 {
                    fail(&tenants.get(&thread));
                    drop(tenants.get(&(4 + (turn * 7 + thread) % 40)));
                    assert!(tenants.entries().len() <= 8 && tenants.len() <= 8);
                }
                assert_eq!(counts(&own), (500, 500));
            });
        }
    });
    assert_eq!((tenants.entries().len(), tenants.len()), (8, 8));
}

/// Where all are needed, the new one works and is not kept.
#[test]
fn a_key_without_room_is_called() {
    let clock = ManualClock::new();
    let builder = quick().clock(clock.clone());
    let tenants = CircuitBreakers::<u8>::with_capacity(capacity(1), builder).unwrap();
    let on_its_way = tenants.try_acquire(&1).unwrap();
    let stranger = tenants.get(&2);
    fail(&stranger);
    assert_eq!(at(&stranger).1, State::Open);
    assert!(tenants.find(&2).is_none() && tenants.try_acquire(&2).is_ok());
    on_its_way.finish(Verdict::success());
    // That nothing could go is remembered for a while.
    tenants.get(&2);
    assert!(tenants.find(&1).is_some() && tenants.find(&2).is_none());
    clock.advance(SECOND / 100);
    tenants.get(&2);
    assert!(tenants.find(&1).is_none() && tenants.find(&2).is_some());
}

/// What an operator has set is not forgotten, and who was not kept is counted.
#[test]
fn one_with_a_configuration_of_its_own_is_kept() {
    let clock = ManualClock::new();
    let builder = quick().clock(clock.clone());
    let tenants = CircuitBreakers::<u8>::with_capacity(capacity(1), builder).unwrap();
    let own = tenants.config().trip(Consecutive::failures(9));
    tenants.get(&1).reconfigure(own.clone()).unwrap();
    tenants.get(&2);
    assert_eq!((tenants.get(&1).config(), tenants.unkept()), (own, 1));
    // What holds for all is nobody's own, and what holds now is looked at now.
    tenants.reconfigure(tenants.config()).unwrap();
    tenants.get(&2);
    assert!(tenants.find(&2).is_some());
    assert_eq!((tenants.len(), tenants.unkept()), (1, 1));
}

/// Functions that nobody goes by any more are dropped.
#[test]
fn the_first_configuration_is_forgotten() {
    let used = Arc::new(());
    let uses = Arc::downgrade(&used);
    let rule = TripWhen::new(move |_| Arc::strong_count(&used) > 1);
    let hosts = CircuitBreakers::<u8>::new(quick().trip(rule)).unwrap();
    assert!(hosts.get(&1).config().get_trip_when().is_some());
    hosts.reconfigure(hosts.config().without_trip_when()).unwrap();
    assert!(hosts.get(&2).config().get_trip_when().is_none() && uses.upgrade().is_none());
}

/// Each call looks at a few, and none is passed over.
#[test]
fn the_only_one_that_can_go_is_found() {
    for idle in [0, 100, 255] {
        let builder = quick().clock(ManualClock::new());
        let tenants = CircuitBreakers::<u32>::with_capacity(capacity(256), builder).unwrap();
        let held: Vec<_> = (0..256).map(|key| (key != idle).then(|| tenants.get(&key))).collect();
        // 256 of them, 32 at a time.
        let calls = (0..8).filter(|_| {
            tenants.get(&1_000);
            tenants.find(&1_000).is_none()
        });
        assert!(calls.count() < 8, "{idle}");
        assert!(tenants.find(&idle).is_none() && held.len() == tenants.len());
    }
}

/// Looks at the breakers when it is cloned or dropped, and waits for itself if that is done under
/// one of their locks.
struct Nosy(u8, Arc<OnceLock<CircuitBreakers<Nosy>>>);

impl Nosy {
    fn look(&self) {
        if let Some(hosts) = self.1.get() {
            hosts.mode();
            hosts.find(self);
        }
    }
}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        self.look();
        Self(self.0, Arc::clone(&self.1))
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Nosy {}

impl std::hash::Hash for Nosy {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Display for Nosy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Fails instead of waiting for ever.
fn comes_to_an_end(run: impl FnOnce() + Send + 'static) {
    let (done, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        run();
        done.send(()).unwrap();
    });
    end.recv_timeout(30 * SECOND).unwrap();
}

#[test]
fn keys_are_cloned_and_dropped_under_no_lock() {
    comes_to_an_end(|| {
        let hosts = Arc::new(OnceLock::new());
        let made = CircuitBreakers::with_capacity(capacity(2), quick()).unwrap();
        assert!(hosts.set(made.clone()).is_ok());
        for key in 0..8 {
            made.get(&Nosy(key, Arc::clone(&hosts)));
        }
        assert_eq!(made.len(), 2);
        assert!(made.remove(&Nosy(7, Arc::clone(&hosts))).is_some());
    });
}

struct Asks(CircuitBreakers<u8>);

impl Drop for Asks {
    fn drop(&mut self) {
        self.0.mode();
    }
}

/// Those that are refused, and those that others take the place of.
#[test]
fn configurations_are_dropped_under_no_lock() {
    comes_to_an_end(|| {
        let hosts = CircuitBreakers::<u8>::new(quick()).unwrap();
        let nosy = || {
            let asks = Asks(hosts.clone());
            TripWhen::new(move |_| asks.0.is_empty())
        };
        let refused = hosts.config().trip(nosy()).window(Window::last(SECOND));
        assert_eq!(hosts.reconfigure(refused), Err(InvalidConfig::WindowChange));
        hosts.reconfigure(hosts.config().trip(nosy())).unwrap();
        hosts.reconfigure(hosts.config().without_trip_when()).unwrap();
    });
}

#[tokio::test(start_paused = true)]
async fn a_layer_asks_the_breaker_of_the_key() {
    let hosts = CircuitBreakers::<u32>::new(quick()).unwrap();
    let service = service_fn(async |key: u32| if key == 1 { Err("down") } else { Ok(key) });
    let service = hosts.layer_by(|key: &u32| *key).layer(service);
    assert!(service.clone().oneshot(1).await.unwrap_err().rejection().is_none());
    let rejected = service.clone().oneshot(1).await.unwrap_err();
    assert_eq!(rejected.rejection().unwrap().name(), "payments/1");
    assert_eq!(service.oneshot(2).await, Ok(2));

    let ignoring =
        hosts.layer_by(|key: &u32| *key).classify(|_: &Result<u32, &str>| Verdict::ignored());
    let ignoring = ignoring.layer(service_fn(async |_: u32| Err::<u32, _>("down")));
    assert!(ignoring.oneshot(3).await.is_err());
    assert_eq!(at(&hosts.get(&3)).1, State::Closed);
}

/// What was reserved for a call that is rejected is for the other keys.
#[tokio::test(start_paused = true)]
async fn one_that_is_down_takes_no_place_from_the_others() {
    let hosts = CircuitBreakers::<u32>::new(quick()).unwrap();
    hosts.get(&1).set_mode(Mode::ForcedOpen);
    let limited = ServiceBuilder::new().concurrency_limit(1);
    let inner = limited.service(service_fn(async |key: u32| Ok::<_, Infallible>(key)));
    let mut one = hosts.layer_by(|key: &u32| *key).layer(inner);
    let other = one.clone();
    assert!(one.ready().await.unwrap().call(1).await.is_err());
    let answer = tokio::time::timeout(SECOND, other.oneshot(2)).await;
    assert_eq!(answer.unwrap(), Ok(2));
    assert_eq!(one.ready().await.unwrap().call(2).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn an_http_layer_judges_responses() {
    let hosts = CircuitBreakers::<String>::new(quick()).unwrap();
    let service = service_fn(async |request: Request<String>| {
        let status = if request.uri().path() == "/down" { 503 } else { 200 };
        Ok::<_, Infallible>(Response::builder().status(status).body(String::new()).unwrap())
    });
    let by_path = |request: &Request<String>| request.uri().path().to_owned();
    let service = hosts.http_layer_by(by_path).respond().layer(service);
    for (path, expected) in [("/down", State::Open), ("/up", State::Closed)] {
        for _ in 0..2 {
            let request = Request::get(path).body(String::new()).unwrap();
            let response = service.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status() == 200, expected == State::Closed);
        }
        assert_eq!(at(&hosts.get(path)).1, expected, "{path}");
    }
}
