use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use mainstay_core::ManualClock;
use proptest::prelude::*;

use super::*;
use crate::pool::class::Class;
use crate::pool::shared::SHARED_BYTES;
use crate::pool::shelf::{IDLE, SHELF_BYTES};
use crate::pool::sizes::PERIOD;

/// The pool of one thread, with a clock and neighbours of its own.
struct World {
    local: Local,
    shared: Shared,
    clock: ManualClock,
}

impl World {
    fn new() -> Self {
        Self { local: Local::new(), shared: Shared::new(), clock: ManualClock::new() }
    }

    fn answer(&mut self, len: usize) -> Bytes {
        let mut scratch = self.local.take_scratch();
        assert!(scratch.is_empty());
        scratch.resize(len, b'x');
        self.local.seal(&mut scratch, &self.clock, &self.shared)
    }

    fn take(&mut self, capacity: usize) -> Vec<u8> {
        let buffer = self.local.take(capacity, &self.clock, &self.shared);
        assert!(buffer.is_empty());
        assert!(buffer.capacity() >= capacity);
        buffer
    }

    fn put(&mut self, buffer: Vec<u8>) {
        self.local.put(buffer, &self.clock, &self.shared);
    }

    /// What the pool says that it holds.
    fn held(&mut self) -> usize {
        usize::try_from(self.local.counters().read().held_bytes).unwrap()
    }

    fn counts(&mut self) -> (u64, u64, u64) {
        let stats = self.local.counters().read();
        (stats.hits, stats.misses, stats.fallbacks)
    }
}

#[test]
fn an_idle_thread_gives_up_all_that_is_free_on_its_next_large_use() {
    let mut world = World::new();
    let buffers = [300, 5000, 100_000].map(|capacity| world.take(capacity));
    for buffer in buffers {
        world.put(buffer);
    }
    drop((world.answer(100), world.answer(200_000)));
    let before = world.held();
    assert!(before > 500_000, "{before}");
    world.clock.advance(IDLE);
    let buffer = world.take(20_000);
    assert_eq!(world.held(), 0);
    assert_eq!(world.local.counters().read().trimmed, 3 + 2 + 1);
    world.put(buffer);
}

#[test]
fn an_idle_thread_gives_up_all_that_is_free_within_sixteen_small_uses() {
    let mut world = World::new();
    let buffer = world.take(100_000);
    world.put(buffer);
    world.clock.advance(IDLE);
    for _ in 0..16 {
        drop(world.answer(10));
    }
    assert!(world.held() < 70_000, "one slab and the scratch: {}", world.held());
}

#[test]
fn what_an_idle_thread_has_pinned_it_keeps_until_it_is_free() {
    let mut world = World::new();
    let alive = (world.answer(100), world.answer(100_000));
    world.clock.advance(IDLE);
    drop(world.take(20_000));
    let pinned = world.held();
    assert!(pinned >= 164_000, "{pinned}");
    drop(alive);
    world.clock.advance(IDLE);
    drop(world.take(20_000));
    assert_eq!(world.held(), 0);
}

#[test]
fn a_busy_thread_gives_up_what_it_does_not_use() {
    let mut world = World::new();
    let buffer = world.take(100_000);
    world.put(buffer);
    drop(world.answer(100_000));
    // Twice: the first sweep finds all that was used since the thread began.
    for _ in 0..2 * IDLE.as_secs() + 2 {
        world.clock.advance(Duration::from_secs(1));
        for _ in 0..16 {
            drop(world.answer(10));
        }
    }
    assert!(world.local.shelf.bytes() == 0);
    assert!(world.local.slabs.bytes() == 64 << 10, "{}", world.local.slabs.bytes());
}

#[test]
fn a_busy_thread_keeps_what_it_uses() {
    let mut world = World::new();
    for _ in 0..200 {
        world.clock.advance(Duration::from_secs(1));
        let buffer = world.take(100_000);
        world.put(buffer);
        drop(world.answer(100_000));
    }
    let (_, misses, fallbacks) = world.counts();
    assert_eq!((misses, fallbacks), (2, 0));
}

#[test]
fn what_one_thread_leaves_another_finds() {
    let shared = Shared::new();
    let clock = ManualClock::new();
    let (mut maker, mut dropper) = (Local::new(), Local::new());
    for _ in 0..1000 {
        let buffer = maker.take(1000, &clock, &shared);
        dropper.put(buffer, &clock, &shared);
    }
    // As many as the other keeps for itself before it passes them on.
    let misses = maker.counters().read().misses;
    assert_eq!(misses, 33);
}

#[test]
fn what_others_have_left_is_taken_only_as_far_as_there_is_room() {
    let (mut world, mut other) = (World::new(), Local::new());
    for _ in 0..40 {
        other.put(Vec::with_capacity(300), &world.clock, &world.shared);
    }
    assert!(world.shared.bytes() > 10 * 300);
    world.put(Vec::with_capacity(SHELF_BYTES - 600));
    drop(world.take(200));
    world.check();
}

#[test]
fn what_nobody_takes_from_the_others_is_given_up() {
    let mut world = World::new();
    let buffers: Vec<_> = (0..100).map(|_| world.take(1000)).collect();
    for buffer in buffers {
        world.put(buffer);
    }
    assert!(world.shared.bytes() > 0);
    for _ in 0..3 {
        world.clock.advance(IDLE);
        drop(world.take(20_000));
    }
    assert_eq!((world.shared.bytes(), world.held()), (0, 0));
}

#[test]
fn a_period_of_small_answers_ends_what_a_large_one_began() {
    let mut world = World::new();
    drop(world.answer(1 << 20));
    assert!(world.held() >= 2 << 20);
    for _ in 0..PERIOD {
        drop(world.answer(100));
    }
    assert!(world.held() < 70_000, "{}", world.held());
}

/// A clock that counts how often it is asked.
struct Counted(ManualClock, AtomicU32);

impl Clock for Counted {
    fn now(&self) -> Instant {
        self.1.fetch_add(1, Relaxed);
        self.0.now()
    }

    fn system_time(&self) -> SystemTime {
        self.0.system_time()
    }
}

#[test]
fn a_small_answer_after_a_large_one_does_not_look_at_the_clock() {
    let (mut local, shared) = (Local::new(), Shared::new());
    let clock = Counted(ManualClock::new(), AtomicU32::new(0));
    let mut answer = |len| {
        let mut scratch = local.take_scratch();
        scratch.resize(len, b'x');
        drop(local.seal(&mut scratch, &clock, &shared));
        clock.1.swap(0, Relaxed)
    };
    assert_eq!(answer(100_000), 1);
    assert_eq!((0..160).map(|_| answer(100)).sum::<u32>(), 10);
    assert_eq!((0..16).map(|_| answer(100_000)).sum::<u32>(), 16);
}

#[test]
fn a_busy_thread_gives_up_a_scratch_of_which_it_does_not_need_half() {
    for small in [100, 20_000] {
        let mut world = World::new();
        drop(world.answer(1 << 20));
        let large = world.local.scratch.capacity();
        for _ in 0..2 * IDLE.as_secs() + 2 {
            world.clock.advance(Duration::from_secs(1));
            (0..16).for_each(|_| drop(world.answer(small)));
        }
        let kept = world.local.scratch.capacity();
        assert!(large >= 1 << 20 && kept < 4 * small.max(100), "{kept} for {small}");
        world.check();
    }
}

#[test]
fn a_scratch_of_which_half_is_needed_stays() {
    let mut world = World::new();
    drop(world.answer(1 << 20));
    let large = world.local.scratch.capacity();
    for _ in 0..200 {
        world.clock.advance(Duration::from_secs(1));
        drop(world.answer(large / 2));
    }
    assert_eq!(world.local.scratch.capacity(), large);
}

/// A value that makes answers while it is written brings the smaller scratch back first, or last.
#[test]
fn of_two_scratches_the_larger_stays() {
    for large_first in [true, false] {
        let mut world = World::new();
        let mut both = [world.local.take_scratch(), world.local.take_scratch()];
        both[usize::from(!large_first)].reserve_exact(10_000);
        both[usize::from(large_first)].reserve_exact(100);
        for scratch in both {
            world.local.put_scratch(scratch);
        }
        assert_eq!(world.local.scratch.capacity(), 10_000);
        world.check();
    }
}

#[test]
fn what_is_larger_than_the_largest_class_is_not_kept() {
    let mut world = World::new();
    world.put(Vec::with_capacity(Class::LARGEST.size() + 1));
    assert_eq!((world.held(), world.shared.bytes()), (0, 0));
    world.put(Vec::with_capacity(Class::LARGEST.size()));
    assert_eq!((world.held(), world.shared.bytes()), (0, Class::LARGEST.size()));
}

#[test]
fn what_others_have_left_is_taken_up_to_the_cap() {
    let mut world = World::new();
    let clock = ManualClock::new();
    let mut other = Local::new();
    let sizes = [1000, 2000, 4000, 8000];
    let mut buffers: Vec<_> = sizes
        .iter()
        .flat_map(|size| vec![*size; 64])
        .map(|size| other.take(size, &clock, &world.shared))
        .collect();
    buffers.drain(..).for_each(|buffer| other.put(buffer, &clock, &world.shared));
    // So much lies here already that a batch of the others' would be too much.
    let large: Vec<_> = (0..2).map(|_| world.take(2 << 20)).collect();
    for buffer in large {
        world.put(buffer);
    }
    assert_eq!(world.local.shelf.bytes(), SHELF_BYTES);
    for size in sizes {
        let buffer = world.take(size);
        assert!(world.local.shelf.bytes() <= SHELF_BYTES, "{size}");
        drop(buffer);
    }
}

#[test]
fn two_sizes_that_do_not_fit_together_do_not_take_turns() {
    let mut world = World::new();
    drop((world.answer(7 << 20), world.answer(5 << 18)));
    let (_, misses, fallbacks) = world.counts();
    for _ in 0..10 {
        drop(world.answer(7 << 20));
        drop(world.answer(5 << 18));
    }
    let (_, later, own) = world.counts();
    assert_eq!((later, own), (misses, fallbacks + 10));
    // What was not used since the last sweep gives way.
    for _ in 0..4 {
        world.clock.advance(Duration::from_secs(29));
        drop(world.answer(5 << 18));
    }
    let (_, _, before) = world.counts();
    drop(world.answer(5 << 18));
    assert_eq!(world.counts().2, before);
}

/// What may happen to a pool.
#[derive(Clone, Debug)]
enum Step {
    Take(usize),
    /// A buffer comes back with so much in it.
    Put(usize, usize),
    Answer(usize),
    Drop(usize),
    /// A value fails and leaves the scratch this long.
    Fail(usize),
    /// A value panics.
    Lose,
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let len = || prop_oneof![4 => 0_usize..2000, 2 => 0_usize..100_000, 1 => 0_usize..9 << 20];
    let step = prop_oneof![
        4 => len().prop_map(Step::Take),
        4 => (any::<usize>(), len()).prop_map(|(which, len)| Step::Put(which, len)),
        4 => len().prop_map(Step::Answer),
        3 => any::<usize>().prop_map(Step::Drop),
        1 => len().prop_map(Step::Fail),
        1 => Just(Step::Lose),
        1 => (0_u64..40).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..100)
}

impl World {
    /// What is held, added up anew.
    fn added_up(&self) -> usize {
        let Local { scratch, slabs, shelf, .. } = &self.local;
        scratch.capacity() + slabs.added_up() + shelf.added_up()
    }

    fn check(&mut self) {
        assert_eq!(self.held(), self.added_up());
        assert!(self.local.shelf.bytes() <= SHELF_BYTES);
        assert!(self.shared.bytes() <= SHARED_BYTES);
        assert!(self.local.slabs.bytes() <= (512 << 10) + (8 << 20));
        assert!(self.local.scratch.capacity() < 2 * Class::LARGEST.size());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_happens_the_caps_hold_and_the_books_are_right(steps in steps()) {
        let mut world = World::new();
        let (mut out, mut alive): (Vec<Vec<u8>>, Vec<Bytes>) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Take(capacity) => out.push(world.take(capacity)),
                Step::Put(which, len) if !out.is_empty() => {
                    let mut buffer = out.swap_remove(which % out.len());
                    buffer.resize(len, b'y');
                    world.put(buffer);
                }
                Step::Answer(len) => alive.push(world.answer(len)),
                Step::Drop(which) if !alive.is_empty() => {
                    let answer = alive.swap_remove(which % alive.len());
                    prop_assert!([answer.first(), answer.last()].iter().flatten().all(|it| **it == b'x'));
                }
                Step::Fail(len) => {
                    let mut scratch = world.local.take_scratch();
                    scratch.resize(len, b'z');
                    world.local.put_scratch(scratch);
                }
                Step::Lose => {
                    drop(world.local.take_scratch());
                    // Until the next answer the books have it: it may yet come back.
                    drop(world.answer(1));
                }
                Step::Pass(seconds) => world.clock.advance(Duration::from_secs(seconds)),
                Step::Put(..) | Step::Drop(_) => {}
            }
            world.check();
        }
    }
}
