mod key;
mod layer;
mod search;
mod service;
mod shelf;

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::shelf::Shelf;
use super::call::Call;
use super::control::For;
use super::stripe::Handle;
use super::{Builder, CircuitBreaker, Config, InvalidConfig, Mode, Permit};
use crate::breaker::Open;
use crate::classify::{AnyError, Classify};

pub use key::ToKey;
pub use layer::{CircuitBreakersLayer, HttpCircuitBreakersLayer};
pub use service::{CircuitBreakersService, HttpCircuitBreakersService};

/// A breaker for each key: each host, tenant or shard has its own, so that one that is down does
/// not take the others along.
///
/// They are made on first use, each from the same [`Builder`]; its name is that of the builder, a
/// slash, and the key. Clones are the same breakers.
///
/// ```
/// use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers, Consecutive};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shard = CircuitBreaker::builder("shard").trip(Consecutive::failures(1));
/// let shards = CircuitBreakers::<String>::new(shard)?;
///
/// let failed = shards.call("eu-1", async { Err::<(), _>("connection refused") }).await;
/// assert!(failed.unwrap_err().rejection().is_none());
/// let rejected = shards.call("eu-1", async { Ok::<_, &str>(()) }).await.unwrap_err();
/// assert_eq!(rejected.rejection().ok_or("it was called")?.name(), "shard/eu-1");
/// assert_eq!(shards.call("eu-2", async { Ok::<_, &str>("found") }).await, Ok("found"));
/// # Ok(())
/// # }
/// ```
///
/// # Bounds
///
/// At most [`capacity`](Self::capacity) of them are kept, by default 1,024 at about 6 KiB each.
/// Where there is no room for another key, one is forgotten:
///
/// 1. of those that are closed and not in use, the one that was asked for the longest time ago;
/// 2. if there is none, of those that are not in use and whose time to be open is over.
///
/// In use is what somebody has a clone of, a service or a call on its way. Neither that is
/// forgotten, nor one that is to be open yet or whose [`Mode`] or [`Config`] was set by itself: an
/// outage is not over because many other keys are asked for. A configuration is its own until all of
/// them are given another. It is chosen among 32 or a few more,
/// and among others the next time.
///
/// If there are only such, the new key gets a breaker that is not kept: its calls are made and
/// counted nowhere but in it, no order reaches it, and no outage opens it for the next call. That
/// such are made is a sign that the capacity is too small: [`unkept`](Self::unkept) counts them.
///
/// # Cost
///
/// To find a breaker takes a shared lock on one of at least 16 parts of the map, and allocates
/// nothing. Threads that ask for keys of the same part share the count of its readers, and those
/// that ask for different keys in turn share one number.
///
/// To make one takes its memory and, if there is no room, a look at those 32 under a lock, which is
/// a few microseconds. When all were looked at in vain, the next look is 10 ms later by the
/// breakers' clock; until then a call for a key without room pays for its breaker only.
///
/// # Keys
///
/// Their `Hash` and `Eq`, and for [`entries`](Self::entries) their `Clone`, are called under a lock:
/// they must not use the breakers.
pub struct CircuitBreakers<K> {
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    template: Builder,
    /// Has the configuration of all of them, and says whether they can take another.
    example: CircuitBreaker,
    shelf: Shelf<K>,
    orders: Mutex<Orders>,
    unkept: AtomicU64,
}

/// What holds for all of them, besides the configuration.
#[derive(Clone, Copy, Debug)]
struct Orders {
    mode: Mode,
    /// Goes up with each order. What is made under an older one is not kept as it is.
    number: u64,
}

const CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

impl<K> CircuitBreakers<K> {
    /// Breakers that are made from this one, 1,024 at most.
    ///
    /// # Errors
    ///
    /// If something in the configuration is out of range.
    pub fn new(template: Builder) -> Result<Self, InvalidConfig> {
        Self::with_capacity(CAPACITY, template)
    }

    /// The same, with another limit.
    ///
    /// # Errors
    ///
    /// If something in the configuration is out of range.
    pub fn with_capacity(capacity: NonZeroUsize, template: Builder) -> Result<Self, InvalidConfig> {
        let example = template.clone().build()?;
        let orders = Mutex::new(Orders { mode: template.mode, number: 0 });
        let shelf = Shelf::new(capacity);
        // Their windows begin alike, so that they can become alike. The rest is the example's.
        let template = template.config(Config::default().window(example.config().window));
        let unkept = AtomicU64::new(0);
        Ok(Self { shared: Arc::new(Shared { template, example, shelf, orders, unkept }) })
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.shared.shelf.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many can be kept.
    pub fn capacity(&self) -> usize {
        self.shared.shelf.capacity()
    }

    /// How many were made and not kept, as all the others were needed; see
    /// [Bounds](Self#bounds).
    pub fn unkept(&self) -> u64 {
        self.shared.unkept.load(Relaxed)
    }

    /// What all of them go by, unless they were told otherwise one by one.
    pub fn config(&self) -> Config {
        self.shared.example.config()
    }

    /// The mode that all of them are in, unless they were told otherwise one by one.
    pub fn mode(&self) -> Mode {
        self.orders().mode
    }

    /// All of them go by another configuration from now on, and those that are made later; see
    /// [`CircuitBreaker::reconfigure`]. One that is [not kept](Self::unkept) any more, or never was,
    /// is not told.
    ///
    /// # Errors
    ///
    /// If something is out of range, or their windows cannot become that. Nothing is changed then.
    pub fn reconfigure(&self, config: Config) -> Result<(), InvalidConfig> {
        // What is dropped of them may have a user's code in it, which must not run under the lock.
        let (_next, _last);
        {
            let mut orders = self.orders();
            (_next, _last) = (config.clone(), self.config());
            self.shared.example.reconfigure(config)?;
            orders.number += 1;
        }
        self.all_do(|breaker, _| {
            // What the example can become they can: they were made alike.
            let _ = breaker.stripes().core().reconfigure(self.config(), For::All);
        });
        self.shared.shelf.search_anew();
        Ok(())
    }

    /// All of them go over to another mode, and those that are made later begin in it; see
    /// [`CircuitBreaker::set_mode`]. One that is [not kept](Self::unkept) any more, or never was, is
    /// not told.
    ///
    /// ```
    /// # use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers, Mode};
    /// let hosts = CircuitBreakers::<String>::new(CircuitBreaker::builder("hosts"))?;
    /// let host = hosts.get("a.example.com");
    /// hosts.set_mode(Mode::ForcedOpen);
    /// assert!(host.try_acquire().is_err());
    /// assert!(hosts.try_acquire("b.example.com").is_err());
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        {
            let mut orders = self.orders();
            orders.mode = mode;
            orders.number += 1;
        }
        self.all_do(|breaker, orders| breaker.set_mode(orders.mode));
        self.shared.shelf.search_anew();
    }

    /// Until all of them were told the last order: another may be given meanwhile, by another
    /// thread or by an observer.
    fn all_do(&self, apply: impl Fn(&CircuitBreaker, Orders)) {
        loop {
            let orders = *self.orders();
            for breaker in self.shared.shelf.all(|_, breaker| breaker.clone()) {
                apply(&breaker, orders);
            }
            if self.orders().number == orders.number {
                return;
            }
        }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.shared.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash + fmt::Display> CircuitBreakers<K> {
    /// The breaker of this key, which is made if there is none.
    pub fn get<Q>(&self, key: &Q) -> CircuitBreaker
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToKey<K> + ?Sized,
    {
        let kept = self.shared.shelf.get(key, CircuitBreaker::clone);
        kept.unwrap_or_else(|| self.make(&key.to_key()))
    }

    /// As [`CircuitBreaker::call`], with the breaker of this key, which is looked for at once.
    pub fn call<Q, F, T, E>(&self, key: &Q, future: F) -> Call<F, AnyError>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToKey<K> + ?Sized,
        F: Future<Output = Result<T, E>>,
    {
        self.call_with(key, AnyError, future)
    }

    /// As [`CircuitBreakers::call`], with another opinion on what a failure is.
    pub fn call_with<Q, F, C, T, E>(&self, key: &Q, classify: C, future: F) -> Call<F, C>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToKey<K> + ?Sized,
        F: Future<Output = Result<T, E>>,
        C: Classify<Result<T, E>>,
    {
        Call::new(self.handle(key), classify, future)
    }

    /// As [`CircuitBreaker::try_acquire`], with the breaker of this key.
    ///
    /// # Errors
    ///
    /// [`Open`] if the call is not to be made.
    pub fn try_acquire<Q>(&self, key: &Q) -> Result<Permit, Open>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToKey<K> + ?Sized,
    {
        self.handle(key).into_permit()
    }

    /// The breaker of this key, if it is kept. To look is not to use: it is forgotten no later.
    pub fn find<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.shared.shelf.peek(key)
    }

    /// Forgets the breaker of this key. Who has it goes on with it; the next who asks for the key
    /// gets another.
    pub fn remove<Q>(&self, key: &Q) -> Option<CircuitBreaker>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        // The key is dropped once the lock is free.
        let (_key, entry) = {
            // Nothing is put there meanwhile.
            let _orders = self.orders();
            self.shared.shelf.remove(key)?
        };
        Some(entry.into_breaker())
    }

    /// All that are kept, in no order: for an operator's page.
    ///
    /// ```
    /// # use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers};
    /// let hosts = CircuitBreakers::<String>::new(CircuitBreaker::builder("hosts"))?;
    /// hosts.get("a.example.com");
    /// for (host, breaker) in hosts.entries() {
    ///     println!("{host} is {}", breaker.snapshot().status.state);
    /// }
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn entries(&self) -> Vec<(K, CircuitBreaker)> {
        self.shared.shelf.all(|key, breaker| (key.clone(), breaker.clone()))
    }

    /// A layer for any service, which finds the key in the request. The function is called once
    /// for each; a key such as `http::uri::Authority` or `Arc<str>` is cloned without an
    /// allocation.
    ///
    /// As the key has to be known first, the inner service is made ready before the breaker is
    /// asked. When that rejects the call, a clone of the inner service takes its place, so that
    /// nothing stays reserved.
    ///
    /// ```
    /// use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenants = CircuitBreakers::<u32>::new(CircuitBreaker::builder("tenants"))?;
    /// let layer = tenants.layer_by(|(tenant, _question): &(u32, &str)| *tenant);
    /// let service = layer.layer(service_fn(async |(_, question): (u32, &str)| {
    ///     Ok::<_, std::io::Error>(question.len())
    /// }));
    /// assert_eq!(service.oneshot((7, "how long?")).await?, 9);
    /// assert_eq!(tenants.get(&7).snapshot().counts.calls, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer_by<Req, F>(&self, key: F) -> CircuitBreakersLayer<K, F>
    where
        F: Fn(&Req) -> K,
    {
        CircuitBreakersLayer::new(self.clone(), key)
    }

    /// As [`CircuitBreakers::layer_by`], for clients of HTTP and gRPC services: it judges responses
    /// as [`CircuitBreaker::http_layer`] does.
    ///
    /// ```
    /// use http::{Request, uri::Authority};
    /// use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers};
    ///
    /// let nowhere = Authority::from_static("unknown");
    /// let hosts = CircuitBreakers::<Authority>::new(CircuitBreaker::builder("hosts"))?;
    /// let layer = hosts.http_layer_by(move |request: &Request<String>| {
    ///     request.uri().authority().unwrap_or(&nowhere).clone()
    /// });
    /// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
    /// ```
    pub fn http_layer_by<B, F>(&self, key: F) -> HttpCircuitBreakersLayer<K, F>
    where
        F: Fn(&http::Request<B>) -> K,
    {
        HttpCircuitBreakersLayer::new(self.clone(), key)
    }

    /// What one call holds: of the breaker, no count that all threads change.
    fn handle<Q>(&self, key: &Q) -> Handle
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToKey<K> + ?Sized,
    {
        let kept = self.shared.shelf.get(key, |breaker| breaker.stripes().of_thread());
        kept.unwrap_or_else(|| self.make(&key.to_key()).stripes().of_thread())
    }

    /// It is made without a lock, as that calls a user's code, and so does what is dropped: if two
    /// do so at once, the first one's is for both.
    #[cold]
    fn make(&self, key: &K) -> CircuitBreaker {
        let shelf = &self.shared.shelf;
        loop {
            let orders = *self.orders();
            let breaker = self.build(key, orders.mode);
            let now = breaker.stripes().core().now();
            let mut new = Some((key.clone(), breaker.clone()));
            let _gone = {
                let current = self.orders();
                if current.number != orders.number {
                    continue;
                }
                if let Some(other) = shelf.get(key, CircuitBreaker::clone) {
                    return other;
                }
                shelf.put(&mut new, orders.mode, now)
            };
            if new.is_some() {
                self.shared.unkept.fetch_add(1, Relaxed);
            }
            return breaker;
        }
    }

    fn build(&self, key: &K, mode: Mode) -> CircuitBreaker {
        let Shared { template, example, .. } = &*self.shared;
        let name = format!("{}/{key}", template.name).into();
        let made = Builder { name, mode, ..template.clone() }.build();
        // The template was checked, as the example was made of it.
        let breaker = made.unwrap_or_else(|_| example.clone());
        // As above: it can become what the example has become.
        let _ = breaker.stripes().core().reconfigure(example.config(), For::All);
        breaker
    }
}

impl<K> Clone for CircuitBreakers<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K> fmt::Debug for CircuitBreakers<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakers")
            .field("name", &self.shared.template.name.as_str())
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
