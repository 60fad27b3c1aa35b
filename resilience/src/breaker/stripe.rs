use std::sync::{Arc, OnceLock, Weak};

use super::core::Core;
use super::ticket::Ticket;
use super::{CircuitBreaker, Open};
use crate::permit::{Ending, Permit, Settle};

/// Over so many counts the references to a breaker are spread.
const STRIPES: usize = 16;

/// One of several ways to the same breaker, each with a reference count of its own.
///
/// A service is cloned for every request, and a count that two processors change in turn costs
/// more than all the rest of a call. So the clone is of the stripe that belongs to the thread.
#[derive(Debug)]
#[repr(align(128))]
struct Stripe {
    core: Arc<Core>,
    index: usize,
    /// All stripes, if somebody keeps them: see [`Stripes`].
    siblings: Arc<OnceLock<[Weak<Stripe>; STRIPES]>>,
}

/// What one service or one call holds of a breaker.
#[derive(Clone, Debug)]
pub struct Handle(Held);

#[derive(Clone, Debug)]
enum Held {
    Shared(Arc<Stripe>),
    /// Of a breaker that is never dropped, which nobody has to count.
    Static(&'static Core),
}

/// Keeps all stripes, so that clones find theirs. Without it they go on with the one they are of.
#[derive(Clone, Debug)]
pub(super) struct Stripes(Arc<[Arc<Stripe>; STRIPES]>);

impl Stripes {
    pub(super) fn new(core: Core) -> Self {
        let core = Arc::new(core);
        let siblings = Arc::new(OnceLock::new());
        let stripes = std::array::from_fn(|index| {
            let (core, siblings) = (Arc::clone(&core), Arc::clone(&siblings));
            Arc::new(Stripe { core, index, siblings })
        });
        let _ = siblings.set(std::array::from_fn(|index| {
            stripes.get(index).map(Arc::downgrade).unwrap_or_default()
        }));
        Self(Arc::new(stripes))
    }

    pub(super) fn of_thread(&self) -> Handle {
        let [first, ..] = &*self.0;
        Handle(Held::Shared(Arc::clone(self.0.get(thread_index()).unwrap_or(first))))
    }

    pub(super) fn core(&self) -> &Core {
        let [first, ..] = &*self.0;
        &first.core
    }

    /// Whether anybody but the asker has a breaker, a service or a call of it.
    pub(super) fn are_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1 || self.0.iter().any(|it| Arc::strong_count(it) > 1)
    }
}

impl Handle {
    /// This one or, if it is of another thread, that of this thread.
    #[inline]
    pub(super) fn of_thread(&self) -> Self {
        match &self.0 {
            Held::Static(core) => Self(Held::Static(core)),
            Held::Shared(stripe) => {
                let index = thread_index();
                if index == stripe.index { self.clone() } else { stripe.sibling(index) }
            }
        }
    }

    pub(super) fn of_static(breaker: &'static CircuitBreaker) -> Self {
        Self(Held::Static(breaker.stripes().core()))
    }

    pub(super) fn into_permit(self) -> Result<Permit<Self>, Open> {
        let ticket = self.core().admit().map_err(|refusal| self.core().open(refusal))?;
        Ok(self.permit(ticket))
    }

    /// For a call that is made now.
    #[inline]
    pub(super) fn permit(self, mut ticket: Ticket) -> Permit<Self> {
        self.core().start(&mut ticket);
        Permit::new(self, ticket)
    }

    #[inline]
    pub(super) fn core(&self) -> &Core {
        match &self.0 {
            Held::Shared(stripe) => &stripe.core,
            Held::Static(core) => core,
        }
    }
}

impl Stripe {
    #[cold]
    fn sibling(self: &Arc<Self>, index: usize) -> Handle {
        let sibling = self.siblings.get().and_then(|all| all.get(index)).and_then(Weak::upgrade);
        Handle(Held::Shared(sibling.unwrap_or_else(|| Arc::clone(self))))
    }
}

impl Permit<Handle> {
    /// Whether a half-open breaker waits for how this call ends.
    pub(super) fn is_probe(&self) -> bool {
        self.ticket().is_some_and(Ticket::is_probe)
    }

    /// What comes from now on does not make the call slow.
    pub(super) fn is_timed_to_here(&mut self) {
        if let Some((breaker, ticket)) = self.held_mut() {
            breaker.core().stop_timing(ticket);
        }
    }
}

impl Settle for Handle {
    type Ticket = Ticket;

    #[inline]
    fn settle(&self, ticket: Ticket, ending: Ending) {
        self.core().settle(ticket, ending);
    }
}

fn thread_index() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static INDEX: usize = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    }
    INDEX.try_with(|index| *index).unwrap_or_default()
}
