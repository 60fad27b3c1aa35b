//! Scenario 29: several processes open one file, and are killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use mainstay_idempotency::{Claim, Claimed, Fingerprint, Key, Nonce, Scope, Store};
use mainstay_sqlx::{Begun, SqliteStore};
use mainstay_testkit::servers::wait_until;

use crate::support::{File, KEEP, Rows};

const RECORD: Bytes = Bytes::from_static(b"record");
/// How many keys two processes claim at once.
const KEYS: usize = 100;

fn numbered(number: usize) -> Claim {
    Claim {
        key: Key::new(&Scope::everybody(), &number.to_string()).unwrap(),
        fingerprint: Fingerprint::of([&b"f"[..]]),
        nonce: Nonce::unique(),
        lease: KEEP,
        keep: KEEP,
        takes_over: true,
    }
}

/// A process that runs [`as_a_process`] with this part.
struct Process {
    child: Child,
    said: PathBuf,
}

impl Process {
    fn start(file: &File, part: &str, name: &str) -> Self {
        let said = file.0.path().join(name);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::as_a_process"])
            .env("MAINSTAY_TEST_PART", part)
            .env("MAINSTAY_TEST_FILE", file.path())
            .env("MAINSTAY_TEST_SAID", &said)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, said }
    }

    /// What it says when it is where it should be.
    fn says(&self) -> String {
        let said = || std::fs::read_to_string(&self.said).ok().filter(|said| !said.is_empty());
        wait_until(Duration::from_mins(1), said).expect("the process says where it is")
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The other process of the tests here. As a test by itself it has a part too: the claims.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_a_process() {
    let env = |name: &str| std::env::var(name).ok();
    let Some(path) = env("MAINSTAY_TEST_FILE") else {
        let file = File::new();
        assert_eq!(claim_all(&file.store().await).await.len(), KEYS);
        return;
    };
    let store = SqliteStore::open(path).await.unwrap().wait(Duration::from_mins(1));
    let said = match env("MAINSTAY_TEST_PART").as_deref() {
        Some("claims") => claim_all(&store).await,
        Some(part) => transact(&store, part == "commits").await,
        None => panic!("no part"),
    };
    let said =
        said.iter().map(usize::to_string).chain(["end".to_owned()]).collect::<Vec<_>>().join(" ");
    say(Path::new(&env("MAINSTAY_TEST_SAID").unwrap()), &said);
}

/// At once, so that who reads it reads all of it.
fn say(path: &Path, said: &str) {
    std::fs::write(path.with_extension("part"), said).unwrap();
    std::fs::rename(path.with_extension("part"), path).unwrap();
}

/// The keys that were granted.
async fn claim_all(store: &SqliteStore) -> Vec<usize> {
    let mut granted = Vec::new();
    for number in 0..KEYS {
        match store.claim(&numbered(number)).await.unwrap() {
            Claimed::First(_) => granted.push(number),
            other => assert!(matches!(other, Claimed::Running { .. }), "{other:?}"),
        }
    }
    granted
}

/// Stands still with the effect made, before the commit or after it, until it is killed.
async fn transact(store: &SqliteStore, commits: bool) -> Vec<usize> {
    let claim = numbered(0);
    let Begun::First(mut tx) = store.begin(&claim).await.unwrap() else { panic!() };
    SqliteStore::add(&mut tx, &claim).await.unwrap();
    let said = PathBuf::from(std::env::var("MAINSTAY_TEST_SAID").unwrap());
    let _open = if commits {
        tx.complete(RECORD, KEEP).await.unwrap();
        say(&said, "committed");
        None
    } else {
        say(&said, "made");
        Some(tx)
    };
    std::future::pending().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_key_is_granted_to_one_process() {
    let file = File::new();
    drop(file.store().await);
    let processes = ["one", "two"].map(|name| Process::start(&file, "claims", name));
    let mut granted: Vec<usize> = processes
        .into_iter()
        .flat_map(|process| {
            let said = process.says();
            process.kill();
            said.split(' ').filter_map(|key| key.parse().ok()).collect::<Vec<_>>()
        })
        .collect();
    granted.sort_unstable();
    assert_eq!(granted, (0..KEYS).collect::<Vec<_>>());
}

/// Scenarios 6 and 7: killed with -9 before the commit or after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_leaves_all_or_nothing() {
    let file = File::new();
    let store = file.store().await;
    let claim = numbered(0);
    let process = Process::start(&file, "makes", "one");
    assert_eq!(process.says(), "made");
    // SQLite alone knows of a writer in another process, and waits for it.
    let waiting = tokio::spawn({
        let (store, claim) = (store.clone(), claim.clone());
        async move { matches!(store.begin(&claim).await.unwrap(), Begun::First(_)) }
    });
    process.kill();
    assert!(waiting.await.unwrap());
    assert_eq!(store.count(&claim).await, 0);

    let process = Process::start(&file, "commits", "two");
    assert_eq!(process.says(), "committed");
    process.kill();
    let begun = store.begin(&claim).await.unwrap();
    assert!(matches!(&begun, Begun::Replay(it) if *it == RECORD), "{begun:?}");
    assert_eq!(store.count(&claim).await, 1);
}
