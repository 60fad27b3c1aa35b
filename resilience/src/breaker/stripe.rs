use std::sync::{Arc, OnceLock, Weak};

use super::core::Core;

/// Over so many counts the references to a breaker are spread.
const STRIPES: usize = 16;

/// One of several ways to the same breaker, each with a reference count of its own.
///
/// A service is cloned for every request, and a count that two processors change in turn costs
/// more than all the rest of a call. So the clone is of the stripe that belongs to the thread.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Stripe {
    pub(super) core: Arc<Core>,
    index: usize,
    /// All stripes, if somebody keeps them: see [`Stripes`].
    siblings: Arc<OnceLock<[Weak<Stripe>; STRIPES]>>,
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

    pub(super) fn of_thread(&self) -> Arc<Stripe> {
        let [first, ..] = &*self.0;
        Arc::clone(self.0.get(thread_index()).unwrap_or(first))
    }
}

impl Stripe {
    /// This one or, if it is of another thread, that of this thread.
    pub(super) fn of_thread(self: &Arc<Self>) -> Arc<Self> {
        let index = thread_index();
        if index == self.index {
            return Arc::clone(self);
        }
        let sibling = self.siblings.get().and_then(|all| all.get(index)).and_then(Weak::upgrade);
        sibling.unwrap_or_else(|| Arc::clone(self))
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
