//! Mistakes with places that are reserved.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use mainstay_testkit::probe::{Ping, Pong, Probe, ProbeError, ProbeFuture};
use tower::Service;

use super::{BoxFuture, ready_of};

/// How many places the limits here have.
pub(crate) const PLACES: usize = 1;

/// Free places, and who waits for one.
pub(crate) struct Places(Mutex<(usize, Vec<Waker>)>);

impl Places {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((PLACES, Vec::new()))))
    }

    fn poll_take(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Place> {
        let mut places = self.0.lock().unwrap();
        if let Some(left) = places.0.checked_sub(1) {
            places.0 = left;
            return Poll::Ready(Place(Arc::clone(self)));
        }
        places.1.push(cx.waker().clone());
        Poll::Pending
    }
}

/// A place, given back when it is dropped.
pub(crate) struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.0.0.lock().unwrap();
        places.0 += 1;
        let waiting = std::mem::take(&mut places.1);
        drop(places);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A limit that is right but for what `P` does with the place.
pub(crate) struct Limit<P> {
    inner: Probe,
    places: Arc<Places>,
    place: P,
}

impl<P: Keep> Limit<P> {
    pub(crate) fn new(inner: Probe) -> Self {
        Self { inner, places: Places::new(), place: P::default() }
    }
}

impl<P: Keep> Clone for Limit<P> {
    fn clone(&self) -> Self {
        let (inner, places) = (self.inner.clone(), Arc::clone(&self.places));
        Self { inner, places, place: self.place.clone() }
    }
}

impl<P: Keep> Service<Ping> for Limit<P> {
    type Response = Pong;
    type Error = ProbeError;
    type Future = BoxFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        if !self.place.taken() {
            let place = ready!(self.places.poll_take(cx));
            self.place.put(place);
        }
        let polled = ready!(ready_of(&mut self.inner, cx));
        if polled.is_err() {
            self.place = P::default();
        }
        Poll::Ready(polled)
    }

    fn call(&mut self, request: Ping) -> BoxFuture {
        let place = std::mem::take(&mut self.place);
        let call = self.inner.call(request);
        place.run(call)
    }
}

/// What is done with a place between readiness and the end of the call.
pub(crate) trait Keep: Default + Clone + Send + Sync + 'static {
    fn taken(&self) -> bool;
    fn put(&mut self, place: Place);
    fn run(self, call: ProbeFuture<Pong>) -> BoxFuture;
}

/// Nothing gives the place back but the end of the call.
pub(crate) type SettlesAtTheEnd = Limit<UntilTheEnd>;

#[derive(Default)]
pub(crate) struct UntilTheEnd(Option<Place>);

impl Clone for UntilTheEnd {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl Keep for UntilTheEnd {
    fn taken(&self) -> bool {
        self.0.is_some()
    }

    fn put(&mut self, place: Place) {
        self.0 = Some(place);
    }

    fn run(self, call: ProbeFuture<Pong>) -> BoxFuture {
        let places = self.0.map(|place| {
            let places = Arc::clone(&place.0);
            std::mem::forget(place);
            places
        });
        Box::pin(async move {
            let result = call.await;
            drop(places.map(Place));
            result
        })
    }
}

/// Counts the place, and does not give it back when the service is dropped before the call.
pub(crate) type KeepsPlace = Limit<Counted>;

#[derive(Default)]
pub(crate) struct Counted(Option<Arc<Places>>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl Keep for Counted {
    fn taken(&self) -> bool {
        self.0.is_some()
    }

    fn put(&mut self, place: Place) {
        self.0 = Some(Arc::clone(&place.0));
        std::mem::forget(place);
    }

    fn run(self, call: ProbeFuture<Pong>) -> BoxFuture {
        let place = self.0.map(Place);
        Box::pin(async move {
            let result = call.await;
            drop(place);
            result
        })
    }
}

/// A clone of a ready service has the same place.
pub(crate) type SharesPlace = Limit<Common>;

#[derive(Clone, Default)]
pub(crate) struct Common(Option<Arc<Place>>);

impl Keep for Common {
    fn taken(&self) -> bool {
        self.0.is_some()
    }

    fn put(&mut self, place: Place) {
        self.0 = Some(Arc::new(place));
    }

    fn run(self, call: ProbeFuture<Pong>) -> BoxFuture {
        Box::pin(async move {
            let result = call.await;
            drop(self);
            result
        })
    }
}

/// Puts an inner service that is ready aside for the next caller, when it was not called.
pub(crate) struct Parks {
    inner: Option<Probe>,
    parked: Arc<Mutex<Vec<Probe>>>,
    ready: bool,
}

impl Parks {
    pub(crate) fn new(inner: Probe) -> Self {
        Self { inner: Some(inner), parked: Arc::default(), ready: false }
    }
}

impl Clone for Parks {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), parked: Arc::clone(&self.parked), ready: false }
    }
}

impl Drop for Parks {
    fn drop(&mut self) {
        if self.ready {
            self.parked.lock().unwrap().extend(self.inner.take());
        }
    }
}

impl Service<Ping> for Parks {
    type Response = Pong;
    type Error = ProbeError;
    type Future = ProbeFuture<Pong>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        if !self.ready
            && let Some(parked) = self.parked.lock().unwrap().pop()
        {
            self.inner = Some(parked);
        }
        ready!(ready_of(self.inner.as_mut().unwrap(), cx))?;
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Ping) -> ProbeFuture<Pong> {
        self.ready = false;
        self.inner.as_mut().unwrap().call(request)
    }
}
