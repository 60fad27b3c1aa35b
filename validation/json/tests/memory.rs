//! What the pool holds: not much, whatever it has been through.

#![cfg(test)]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use allocation_counter::measure;
use bytes::Bytes;
use mainstay_json::{Buffer, JsonBody, pool_stats, to_body, to_bytes, to_sensitive_body};

const MIB: usize = 1 << 20;

/// One test at a time, as they look at what all threads hold.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes that are still allocated after this, by a thread that has never used the pool; and by
/// how many bytes more the pool says that it holds.
fn held_after(work: impl FnOnce() + Send) -> (usize, usize) {
    let _alone = alone();
    let before = pool_stats().held_bytes;
    let measured = || {
        let allocated = measure(work).bytes_current;
        (usize::try_from(allocated).unwrap(), pool_stats().held_bytes - before)
    };
    let (allocated, held) = thread::scope(|scope| scope.spawn(measured).join()).unwrap();
    (allocated, usize::try_from(held).unwrap())
}

fn text(len: usize) -> String {
    "x".repeat(len)
}

#[test]
fn ten_thousand_small_answers_after_a_huge_one_hold_less_than_two_mebibytes() {
    let (allocated, held) = held_after(|| {
        let huge = text(64 * MIB);
        drop(to_bytes(&huge).unwrap());
        drop(to_body(&huge).unwrap());
        drop(to_sensitive_body(&huge[..4 * MIB]).unwrap());
        for _ in 0..10_000 {
            drop(to_bytes("a small one").unwrap());
            drop(to_body("a small one").unwrap());
        }
    });
    assert!(allocated < 2 * MIB, "{allocated}");
    assert!(held < 2 * MIB, "{held}");
    // What the pool says is what the allocator says, but for the lists of free buffers.
    assert!(held.abs_diff(allocated) < 32 << 10, "{held} of {allocated}");
}

#[test]
fn answers_that_stay_alive_take_little_more_than_their_size() {
    for len in [98, 998] {
        let mut alive: Vec<Bytes> = Vec::with_capacity(10_000);
        let (allocated, _) = held_after(|| {
            alive.extend((0..10_000).map(|_| to_bytes(&text(len)).unwrap()));
        });
        let own = alive.iter().map(Bytes::len).sum::<usize>();
        assert_eq!(own, 10_000 * (len + 2));
        // Some of it is in slabs, which have ended with the thread and live on in the answers.
        assert!((own * 99 / 100..own * 5 / 4).contains(&allocated), "{allocated} of {own}");
    }
}

#[test]
fn a_few_answers_that_stay_alive_pin_no_more_than_the_slabs_there_may_be() {
    let few = |len: usize, every: usize, most: usize| {
        let mut alive: Vec<Bytes> = Vec::with_capacity(200);
        let (allocated, _) = held_after(|| {
            for nth in 0..200 * every {
                // The ones in between keep it company, so that each is in another place.
                let answer = to_bytes(&text(len)).unwrap();
                if nth % every == 0 {
                    alive.push(answer);
                }
            }
        });
        let own = alive.iter().map(Bytes::len).sum::<usize>();
        assert!(allocated < own + most, "{allocated} of {own} and {most}");
    };
    few(1000, 100, 600 << 10);
    few(40_000, 4, 9 * MIB);
}

#[test]
fn slabs_are_won_back_when_the_answers_in_them_are_gone() {
    let (_, held) = held_after(|| {
        for len in [100, 40_000] {
            for _ in 0..3 {
                let alive: Vec<Bytes> = (0..600).map(|_| to_bytes(&text(len)).unwrap()).collect();
                drop(alive);
            }
            let before = pool_stats();
            (0..50).for_each(|_| drop(to_bytes(&text(len)).unwrap()));
            let after = pool_stats();
            assert_eq!(after.hits - before.hits, 50);
            assert_eq!((after.misses, after.fallbacks), (before.misses, before.fallbacks));
        }
    });
    assert!(held < 10 * MIB, "{held}");
}

#[test]
fn what_is_pinned_past_the_cap_is_counted() {
    held_after(|| {
        let before = pool_stats().fallbacks;
        let alive: Vec<Bytes> = (0..1000).map(|_| to_bytes(&text(10_000)).unwrap()).collect();
        let fallbacks = pool_stats().fallbacks - before;
        // Six of them are in each of eight slabs.
        assert_eq!(fallbacks, 1000 - 6 * 8);
        drop(alive);
    });
}

/// golang/go#23199 and #27735: where sizes vary, every buffer of a pool grows to the largest
/// size there ever was, and stays so.
#[test]
fn a_rare_large_answer_does_not_grow_every_buffer() {
    let (allocated, held) = held_after(|| {
        let (large, small) = (text(MIB), text(1000));
        let mut out: Vec<JsonBody> = Vec::new();
        for nth in 0..3000 {
            let text = if nth % 100 == 0 { &large } else { &small };
            out.push(to_body(text).unwrap());
            if out.len() == 10 {
                out.swap_remove(nth % 7);
            }
            drop(to_bytes(text).unwrap());
        }
        drop(out);
    });
    assert!(allocated < MIB / 4, "{allocated}");
    assert!(held < MIB / 4, "{held}");
}

#[test]
fn buffers_that_grew_in_their_users_hands_are_held_to_the_same_caps() {
    let (allocated, _) = held_after(|| {
        let mut out: Vec<Buffer> = (0..100).map(|_| Buffer::with_capacity(10)).collect();
        for buffer in &mut out {
            *buffer.as_mut_vec() = vec![0; MIB];
        }
        drop(out);
    });
    // Four mebibytes stay with the thread, 32 MiB with all threads; a hundred came.
    assert!(allocated < 37 * MIB, "{allocated}");
}

#[test]
fn a_thread_that_ends_leaves_nothing_behind() {
    let _alone = alone();
    let before = pool_stats().held_bytes;
    let threads = (0..50).map(|_| {
        thread::spawn(|| {
            drop(to_bytes(&text(100_000)).unwrap());
            drop(to_body(&text(100_000)).unwrap());
        })
    });
    threads.for_each(|thread| thread.join().unwrap());
    assert_eq!(pool_stats().held_bytes, before);
}

#[test]
fn counts_go_up_by_what_is_done() {
    held_after(|| {
        let text = text(100);
        let (hit, missed) = (1, 1);
        for (hits, misses) in [(0, missed), (hit, 0), (hit, 0)] {
            let before = pool_stats();
            drop(to_bytes(&text).unwrap());
            let after = pool_stats();
            assert_eq!((after.hits - before.hits, after.misses - before.misses), (hits, misses));
        }
        let before = pool_stats();
        drop(to_bytes(&"x".repeat(9 * MIB)).unwrap());
        let after = pool_stats();
        assert_eq!(after.fallbacks - before.fallbacks, 1);
    });
}

#[test]
fn a_capacity_is_a_hint() {
    let mut buffer = Buffer::with_capacity(usize::MAX);
    assert_eq!(buffer.as_mut_vec().capacity(), 8 * MIB);
    let (allocated, _) = held_after(|| {
        let mut buffer = Buffer::with_capacity(0);
        *buffer.as_mut_vec() = Vec::with_capacity(16 * MIB - 1);
        drop(buffer);
    });
    assert!(allocated < MIB, "{allocated}");
}
