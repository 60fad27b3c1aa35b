//! Stores that are wrong, each in one way, and the scenario of the suite that says so.

use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::conformance::{self, Harness};
use mainstay_idempotency::{
    Claim, Claimed, Completion, Fingerprint, Held, Key, Nonce, Promise, Renewal, Scope, Store,
    StoreError,
};
use redis::aio::MultiplexedConnection;
use redis::cmd;

use crate::argument::name;
use crate::rig::{Managed, Server, right};

/// Passes with the right scripts and fails with the wrong ones.
macro_rules! is_caught {
    ($scenario:ident, $wrong:expr) => {{
        conformance::$scenario(&Server::running(right)).await;
        let wrong = Server::running($wrong);
        let failed = tokio::spawn(async move { conformance::$scenario(&wrong).await }).await;
        assert!(failed.is_err_and(|error| error.is_panic()), "the suite lets it pass");
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn release_without_owner_is_caught() {
    is_caught!(scenario_09_paused_owner_changes_nothing, || {
        right().replacing("is_held and owner == ARGV[1]", "is_held")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_without_owner_is_caught() {
    is_caught!(scenario_09_paused_owner_changes_nothing, || {
        right().replacing("if is_held and owner == by then", "if is_held then")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_without_its_fence_is_caught() {
    is_caught!(older_claims_of_the_same_nonce_change_nothing, || {
        right()
            .replacing("owner == by", "string.sub(owner, 9) == string.sub(by, 9)")
            .replacing("owner ~= by", "string.sub(owner, 9) ~= string.sub(by, 9)")
            .replacing("owner == ARGV[1]", "string.sub(owner, 9) == string.sub(ARGV[1], 9)")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn renewal_that_revives_a_record_is_caught() {
    is_caught!(scenario_12_renewal_revives_nothing, || {
        right().replacing("if not is_held or owner ~= by", "if owner ~= by")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn takeover_of_a_live_claim_is_caught() {
    is_caught!(scenario_05_owner_dies_after_its_claim, || {
        right().replacing("left > 0", "false")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn fence_of_the_clock_alone_is_caught() {
    is_caught!(scenario_19_clock_of_the_store_steps_back, || {
        right().replacing("math.max(value and number(3) + 1 or 0, now)", "now")
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn claim_that_forgets_its_nonce_is_caught() {
    is_caught!(scenario_03_claim_applied_reply_lost, || {
        right().replacing("string.sub(owner, 9) == nonce", "false")
    });
}

/// Looks first and writes then, in two steps: between them another may have looked as well.
struct GetThenSet {
    store: Managed,
    blind: Managed,
    looks: MultiplexedConnection,
}

impl Store for GetThenSet {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let name = name(Managed::PREFIX, &claim.key);
        let mut looks = self.looks.clone();
        let has: bool = cmd("EXISTS").arg(&name).query_async(&mut looks).await.unwrap();
        // Long enough for the others of a race to look, on any machine.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let store = if has { &self.store } else { &self.blind };
        store.claim(claim).await
    }

    async fn complete(
        &self,
        held: &Held,
        record: Bytes,
        keep: Duration,
    ) -> Result<Completion, StoreError> {
        self.store.complete(held, record, keep).await
    }

    async fn release(&self, held: &Held) -> Result<(), StoreError> {
        self.store.release(held).await
    }

    async fn renew(&self, held: &Held, lease: Duration) -> Result<Renewal, StoreError> {
        self.store.renew(held, lease).await
    }

    fn promise(&self) -> Promise {
        self.store.promise()
    }
}

struct Racing(Server);

impl Harness for Racing {
    type Store = GetThenSet;

    async fn store(&self) -> GetThenSet {
        let store = self.0.store().await;
        let blind = right().replacing("redis.pcall('GET', KEYS[1])", "false");
        let blind = store.clone().with_scripts(blind);
        GetThenSet { store, blind, looks: self.0.connection().await }
    }

    async fn wait(&self, time: Duration) {
        self.0.wait(time).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn get_then_set_is_caught() {
    let racing = Racing(Server::running(right));
    let scenario = async move {
        conformance::scenario_01_one_of_many_first_claims_is_granted(&racing).await;
    };
    let failed = tokio::spawn(scenario).await;
    assert!(failed.is_err_and(|error| error.is_panic()), "the suite lets it pass");
}

/// A release remembers the fence, so that a calendar which is set back afterwards does not repeat
/// it. One that forgets all is caught here.
#[tokio::test(flavor = "multi_thread")]
async fn released_fences_are_remembered() {
    async fn rises(server: &Server) -> bool {
        let store = server.store().await;
        let claim = Claim {
            key: Key::new(&Scope::everybody(), "k").unwrap(),
            fingerprint: Fingerprint::of([]),
            nonce: Nonce::unique(),
            lease: Duration::from_secs(60),
            keep: Duration::from_secs(60),
            takes_over: true,
        };
        let Claimed::First(held) = store.claim(&claim).await.unwrap() else { return false };
        store.release(&held).await.unwrap();
        server.step_back(Duration::from_secs(3600)).await;
        let again = store.claim(&Claim { nonce: Nonce::unique(), ..claim }).await.unwrap();
        matches!(again, Claimed::First(again) if again.fence > held.fence && !again.taken_over)
    }

    assert!(rises(&Server::running(right)).await);
    let forgetful = || {
        right().replacing(
            "local saved = save(released, 'KEEPTTL')",
            "local saved = redis.call('DEL', KEYS[1]); saved = {}",
        )
    };
    assert!(!rises(&Server::running(forgetful)).await);
}
