use std::sync::{Arc, OnceLock, Weak};

use super::Open;
use super::core::Core;
use super::ticket::Ticket;
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
pub struct Handle(Arc<Stripe>);

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
        Handle(Arc::clone(self.0.get(thread_index()).unwrap_or(first)))
    }

    pub(super) fn core(&self) -> &Core {
        let [first, ..] = &*self.0;
        &first.core
    }
}

impl Handle {
    /// This one or, if it is of another thread, that of this thread.
    #[inline]
    pub(super) fn of_thread(&self) -> Self {
        let index = thread_index();
        if index == self.0.index { self.clone() } else { self.sibling(index) }
    }

    pub(super) fn into_permit(self) -> Result<Permit<Self>, Open> {
        let ticket = self.core().admit()?;
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
        &self.0.core
    }

    #[cold]
    fn sibling(&self, index: usize) -> Self {
        let siblings = self.0.siblings.get();
        let sibling = siblings.and_then(|all| all.get(index)).and_then(Weak::upgrade);
        sibling.map_or_else(|| self.clone(), Self)
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
