//! Answers go from thread to thread, and none is ever changed by another.

#![cfg(test)]

use std::cell::RefCell;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, RandomState};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use bytes::{Buf, Bytes};
use mainstay_json::{Buffer, JsonBody, to_body, to_bytes, to_sensitive_body};
use serde::{Deserialize, Serialize};

const THREADS: usize = 8;
const ROUNDS: usize = 2000;

/// What an answer says, with its own checksum.
#[derive(Deserialize, Serialize)]
struct Answer {
    maker: usize,
    nth: usize,
    filler: String,
    checksum: u64,
}

impl Answer {
    fn new(maker: usize, nth: usize, len: usize) -> Self {
        let letter = char::from(b'a' + u8::try_from(maker % 26).unwrap());
        let filler = letter.to_string().repeat(len);
        Self { maker, nth, checksum: checksum(maker, nth, &filler), filler }
    }

    fn check(json: &[u8]) {
        let answer: Self = serde_json::from_slice(json).expect("it is still JSON");
        assert_eq!(answer.checksum, checksum(answer.maker, answer.nth, &answer.filler));
    }
}

fn checksum(maker: usize, nth: usize, filler: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one((maker, nth, filler))
}

/// An answer in any of its forms.
enum Form {
    Bytes(Bytes),
    Body(JsonBody),
    Buffer(Buffer),
}

impl Form {
    fn check(&self) {
        match self {
            Self::Bytes(bytes) => Answer::check(bytes),
            Self::Body(body) => Answer::check(body),
            Self::Buffer(buffer) => Answer::check(buffer),
        }
    }
}

/// Numbers that only have to differ.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = RandomState::new().hash_one(self.0);
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn answer(&mut self, maker: usize, nth: usize) -> Form {
        let len = [20, 200, 3000, 20_000, 150_000][[0, 0, 0, 1, 1, 1, 2, 2, 3, 4][self.roll(10)]];
        let answer = Answer::new(maker, nth, self.roll(len));
        match self.roll(6) {
            0..3 => Form::Bytes(to_bytes(&answer).unwrap()),
            3 => Form::Body(to_body(&answer).unwrap()),
            4 => Form::Body(to_sensitive_body(&answer).unwrap()),
            _ => {
                let mut buffer = Buffer::with_capacity(self.roll(1000));
                serde_json::to_writer(&mut buffer, &answer).unwrap();
                Form::Buffer(buffer)
            }
        }
    }

    /// The same answer in another form, as a framework may want it.
    fn turn(&mut self, form: Form) -> Form {
        match form {
            Form::Body(body) if self.roll(2) == 0 => Form::Bytes(body.into_bytes()),
            Form::Buffer(buffer) if self.roll(2) == 0 => Form::Body(buffer.into()),
            Form::Buffer(buffer) if self.roll(2) == 0 => Form::Bytes(buffer.into_bytes()),
            Form::Bytes(bytes) if self.roll(2) == 0 => Form::Bytes(bytes.clone()),
            form => form,
        }
    }
}

/// Makes answers and passes them on, takes those of others, keeps some and drops them in no
/// order; looks at each before and after.
fn live(me: usize, others: &[Sender<Form>], received: &Receiver<Form>) {
    let mut dice = Dice(me as u64);
    let mut kept: Vec<Form> = Vec::new();
    for nth in 0..ROUNDS {
        let answer = dice.answer(me, nth);
        answer.check();
        if dice.roll(2) == 0 {
            let _ = others[dice.roll(others.len())].send(answer);
        } else {
            kept.push(answer);
        }
        kept.extend(received.try_iter().map(|form| dice.turn(form)));
        let keep = dice.roll(60);
        while kept.len() > keep {
            let form = kept.swap_remove(dice.roll(kept.len()));
            form.check();
        }
    }
    kept.iter().for_each(Form::check);
}

#[test]
fn no_answer_is_changed_by_another() {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| mpsc::channel()).unzip();
    let threads: Vec<_> = receivers
        .into_iter()
        .enumerate()
        .map(|(me, received)| {
            let others = senders.clone();
            thread::spawn(move || live(me, &others, &received))
        })
        .collect();
    drop(senders);
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn answers_outlive_the_thread_that_made_them() {
    let forms: Vec<Form> = (0..20)
        .flat_map(|me| {
            let make = move || (0..20).map(|nth| Dice(me).answer(nth, nth)).collect::<Vec<_>>();
            thread::spawn(make).join().unwrap()
        })
        .collect();
    forms.iter().for_each(Form::check);
}

/// Makes and drops answers when the thread's values are destroyed.
struct Late(Vec<Form>);

impl Drop for Late {
    fn drop(&mut self) {
        for (nth, form) in std::mem::take(&mut self.0).into_iter().enumerate() {
            form.check();
            Dice(nth as u64).answer(nth, nth).check();
        }
    }
}

#[test]
fn answers_are_made_and_dropped_while_a_thread_ends() {
    thread_local! {
        static BEFORE: RefCell<Late> = const { RefCell::new(Late(Vec::new())) };
        static AFTER: RefCell<Late> = const { RefCell::new(Late(Vec::new())) };
    }
    let answers = || (0..30).map(|nth| Dice(nth).answer(1, 1)).collect();
    let ends = move || {
        // One is used before the pool is, the other after it: one of them outlives it.
        BEFORE.with_borrow_mut(|late| late.0.clear());
        let made: Vec<Form> = answers();
        BEFORE.with_borrow_mut(|late| late.0 = made);
        AFTER.with_borrow_mut(|late| late.0 = answers());
    };
    thread::spawn(ends).join().unwrap();
}

#[test]
fn data_that_is_read_elsewhere_is_whole() {
    let body = to_body(&Answer::new(3, 1, 5000)).unwrap();
    let read = move || {
        let mut bytes = body.into_bytes();
        Answer::check(&bytes);
        bytes.advance(bytes.len());
    };
    thread::spawn(read).join().unwrap();
}
