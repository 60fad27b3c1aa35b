//! All interleavings of two or three threads, checked by `loom`:
//! `RUSTFLAGS="--cfg mainstay_loom" cargo test -p mainstay-resilience --release --lib loom`

use std::num::NonZeroU16;

use loom::thread;

use super::{CountWindow, Counts, Sample};
use crate::sync::Arc;

const FAILURE: Sample = Sample { failed: true, slow: false };
const SUCCESS: Sample = Sample { failed: false, slow: false };

fn window(size: u16) -> Arc<CountWindow> {
    Arc::new(CountWindow::new(NonZeroU16::new(size).unwrap()))
}

/// Whatever the order, the counts are those of the marks in the end.
#[test]
fn counts_do_not_drift_from_the_marks() {
    loom::model(|| {
        let window = window(2);
        let other = Arc::clone(&window);
        let thread = thread::spawn(move || {
            other.record(0, FAILURE).unwrap();
            other.record(0, SUCCESS).unwrap();
        });
        window.record(0, FAILURE).unwrap();
        thread.join().unwrap();
        let counts = window.counts(0);
        assert_eq!((counts.calls, counts.failed), (2, window.marks(0)));
    });
}

/// Of two failures one sees both: a threshold of two is not passed unseen.
#[test]
fn the_last_to_record_sees_all() {
    loom::model(|| {
        let window = window(4);
        let other = Arc::clone(&window);
        let thread = thread::spawn(move || other.record(0, FAILURE).unwrap());
        let ours = window.record(0, FAILURE).unwrap();
        let theirs = thread.join().unwrap();
        let both = Counts { calls: 2, failed: 2, slow: 0 };
        assert!(ours == both || theirs == both, "{ours:?} {theirs:?}");
    });
}

/// A call of an old epoch that is on its way leaves nothing in the new one.
#[test]
fn an_old_epoch_changes_nothing() {
    loom::model(|| {
        let window = window(2);
        let other = Arc::clone(&window);
        let thread = thread::spawn(move || {
            let _ = other.record(0, FAILURE);
        });
        window.record(1, SUCCESS).unwrap();
        thread.join().unwrap();
        assert_eq!(window.counts(1), Counts { calls: 1, failed: 0, slow: 0 });
    });
}
