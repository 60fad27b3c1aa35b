//! What holds of every answer of a server: the fuzz target looks for an input that breaks it, and
//! `tests/corpus.rs` tries those that are worth keeping.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fence, Fingerprint, Held, Key, Nonce, Renewal, Store, StoreError,
    StoreErrorKind,
};
use mainstay_redis::RedisStore;
use mainstay_redis::redis::aio::ConnectionLike;
use mainstay_redis::redis::{Cmd, Pipeline, RedisFuture, RedisResult, Value, parse_redis_value};
use tokio::runtime::Runtime;

/// The longest that is read here: the crate `redis` makes room for as much as a server announces.
const LONGEST_LIST: u64 = 1 << 20;
const TIME: Duration = Duration::from_secs(60);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
});

/// The input is what a server sends, in its protocol, to whatever it is asked.
pub(crate) fn answer(input: &[u8]) {
    if announces_too_much(input) {
        return;
    }
    let server = Server { sends: input.into(), asked: Arc::default() };
    let store = RedisStore::new(server.clone());
    let claim = Claim {
        key: Key::from_bytes([7; 32]),
        fingerprint: Fingerprint::of([]),
        nonce: Nonce::from_bytes([9; 16]),
        lease: TIME,
        keep: TIME,
        takes_over: true,
    };
    let fence = Fence::new(1);
    let held = Held { key: claim.key, nonce: claim.nonce, fence, taken_over: false };
    let said = parse_redis_value(input).and_then(Value::extract_error);
    let words = said.as_ref().map(words).map_err(drop);

    RUNTIME.block_on(async {
        let claimed = store.claim(&claim).await;
        same(input, claimed, words.map(|(word, rest)| claimed_by(word, rest, &held)));
        let completed = store.complete(&held, Bytes::new(), TIME).await;
        same(input, completed, words.map(|(word, rest)| completed_by(word, rest)));
        let released = store.release(&held).await;
        same(input, released, words.map(|(word, _)| (word == b"released").then_some(())));
        let renewed = store.renew(&held, TIME).await;
        same(input, renewed, words.map(|(word, _)| renewed_by(word)));
    });
    // Once more where the connection broke or the script was not known.
    assert!(server.asked.load(Ordering::Relaxed) <= 4 * 2);
}

/// The word that an answer begins with, if it does, and what follows it.
fn words(value: &Value) -> (&[u8], &[Value]) {
    match value {
        Value::Array(values) => match values.as_slice() {
            [Value::BulkString(word), rest @ ..] => (word, rest),
            _ => (b"", &[]),
        },
        _ => (b"", &[]),
    }
}

fn claimed_by(word: &[u8], rest: &[Value], held: &Held) -> Option<Claimed> {
    match (word, rest) {
        (b"first", [Value::Int(fence @ 0..), Value::Int(taken_over @ 0..), ..]) => {
            let fence = Fence::new(fence.cast_unsigned());
            Some(Claimed::First(Held { fence, taken_over: *taken_over == 1, ..*held }))
        }
        (b"completed", [Value::BulkString(record), ..]) => {
            Some(Claimed::Completed(Bytes::copy_from_slice(record)))
        }
        (b"running", [Value::Int(left @ 0..), ..]) => {
            let left = Duration::from_micros(left.cast_unsigned());
            Some(Claimed::Running { left })
        }
        (b"abandoned", _) => Some(Claimed::Abandoned),
        (b"reused", _) => Some(Claimed::Reused),
        _ => None,
    }
}

fn completed_by(word: &[u8], rest: &[Value]) -> Option<Completion> {
    match (word, rest) {
        (b"stored", _) => Some(Completion::Stored),
        (b"late", [Value::BulkString(record), ..]) => {
            Some(Completion::Lost(Some(Bytes::copy_from_slice(record))))
        }
        (b"lost", _) => Some(Completion::Lost(None)),
        _ => None,
    }
}

fn renewed_by(word: &[u8]) -> Option<Renewal> {
    match word {
        b"renewed" => Some(Renewal::Renewed),
        b"lost" => Some(Renewal::Lost),
        _ => None,
    }
}

/// What is expected is an error of the server or the connection, no answer of ours, or an answer.
fn same<T: std::fmt::Debug + PartialEq>(
    input: &[u8],
    answered: Result<T, StoreError>,
    expected: Result<Option<T>, ()>,
) {
    match (answered, expected) {
        (Ok(answered), Ok(expected)) => assert_eq!(Some(answered), expected),
        (Err(error), Ok(expected)) => {
            assert_eq!((error.kind(), expected), (StoreErrorKind::Unreadable, None));
        }
        (Err(error), Err(())) => match error.kind() {
            StoreErrorKind::Full => assert!(input.windows(3).any(|it| it == b"OOM")),
            kind => assert_eq!(kind, StoreErrorKind::Unavailable),
        },
        (Ok(answered), Err(())) => panic!("an error is taken for {answered:?}"),
    }
}

fn announces_too_much(input: &[u8]) -> bool {
    let numbers = input.split(|byte| !byte.is_ascii_digit());
    let number = |digits: &[u8]| {
        digits.iter().fold(0_u64, |all, digit| {
            all.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        })
    };
    // Numbers that stand alone are no lengths.
    let is_length = |at: usize| input.get(at).is_some_and(|byte| b"*%~>|$=!".contains(byte));
    let mut at = 0;
    numbers.into_iter().any(|digits| {
        let before = at;
        at += digits.len() + 1;
        number(digits) > LONGEST_LIST && before.checked_sub(1).is_some_and(is_length)
    })
}

/// Sends the same whatever it is asked.
#[derive(Clone)]
struct Server {
    sends: Arc<[u8]>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn sent(&self) -> RedisResult<Value> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        parse_redis_value(&self.sends)
    }
}

impl ConnectionLike for Server {
    fn req_packed_command<'a>(&'a mut self, _: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(std::future::ready(self.sent()))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        _: &'a Pipeline,
        _: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(std::future::ready((0..count).map(|_| self.sent()).collect()))
    }

    fn get_db(&self) -> i64 {
        0
    }
}
