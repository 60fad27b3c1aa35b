use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use tower_service::Service;

use super::pinned::Pinned;
use super::{GOOD, exchange};
use crate::Operation;

/// The operation that makes one good call on each of two threads, both with clones of the very same
/// service.
pub(crate) fn repeat_on_two_threads<S>(service: S) -> Operation
where
    S: Service<u64, Response = u64> + Clone + Send + Sync + 'static,
{
    let service = Alone(service);
    on_two_threads(move |rounds| calls(service.get(), rounds))
}

/// The operation that does this on each of two threads, as many times as it is told.
///
/// All rounds lie between two barriers, so that their time is the time of the slower thread. Each
/// thread stays on a processor of its own, and the partner waits for the next batch awake.
pub(crate) fn on_two_threads(work: impl Fn(u64) + Send + Sync + 'static) -> Operation {
    let work = Arc::new(work);
    let mut partner = Partner::with(Arc::clone(&work));
    let pinned = Pinned::to(0);
    Operation::of_rounds(move |rounds| {
        black_box(&pinned);
        partner.start(rounds);
        work(rounds);
        partner.join();
    })
}

/// On cache lines that it shares with nothing: what the allocator has put beside it, such as the
/// counter of its own `Arc`, would cost each read as much as a write.
#[repr(align(128))]
struct Alone<S>(S);

impl<S> Alone<S> {
    /// Through a method, as a closure that names the field would capture it without its alignment.
    fn get(&self) -> &S {
        &self.0
    }
}

fn calls<S: Service<u64, Response = u64> + Clone>(service: &S, rounds: u64) {
    for _ in 0..rounds {
        black_box(exchange(service, black_box(GOOD)));
    }
}

/// The thread that does the same.
struct Partner {
    batch: Arc<Batch>,
    meetings: u64,
    thread: Option<JoinHandle<()>>,
}

/// What the two threads know of each other.
#[derive(Default)]
struct Batch {
    rounds: AtomicU64,
    arrived: AtomicU64,
}

/// As many rounds tell the partner to end.
const END: u64 = u64::MAX;

impl Partner {
    fn with(work: Arc<impl Fn(u64) + Send + Sync + 'static>) -> Self {
        let batch = Arc::new(Batch::default());
        let told = Arc::clone(&batch);
        let thread = thread::spawn(move || serve(&told, &*work));
        Self { batch, meetings: 0, thread: Some(thread) }
    }

    fn start(&mut self, rounds: u64) {
        self.batch.rounds.store(rounds, Ordering::Relaxed);
        self.batch.meet(&mut self.meetings);
    }

    fn join(&mut self) {
        self.batch.meet(&mut self.meetings);
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.start(END);
        if let Some(thread) = self.thread.take() {
            // If it has panicked, then so does the check of the case.
            let _ = thread.join();
        }
    }
}

fn serve(batch: &Batch, work: &impl Fn(u64)) {
    let _pinned = Pinned::to(1);
    let mut meetings = 0;
    loop {
        batch.meet(&mut meetings);
        match batch.rounds.load(Ordering::Relaxed) {
            END => return,
            rounds => work(rounds),
        }
        batch.meet(&mut meetings);
    }
}

impl Batch {
    /// Returns once both threads have come here as often.
    fn meet(&self, meetings: &mut u64) {
        *meetings += 1;
        self.arrived.fetch_add(1, Ordering::AcqRel);
        while self.arrived.load(Ordering::Acquire) < 2 * *meetings {
            spin_loop();
        }
    }
}
