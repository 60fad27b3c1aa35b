//! One transaction behind HTTP: what a client is told, over a connection of its own.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use mainstay_idempotency::{Claim, Fingerprint, Key, Nonce, Scope};
use mainstay_sqlx::{Begun, PgStore, SqliteStore, TxError, TxErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::{File, KEEP, Rows, pg_pool, shared};

/// What is to be said of what has failed.
fn failed(error: &TxError) -> Response {
    let status = match error.kind() {
        _ if error.is_retryable() => StatusCode::SERVICE_UNAVAILABLE,
        TxErrorKind::NotCompleted => StatusCode::INTERNAL_SERVER_ERROR,
        other => panic!("{other:?}: {error:?}"),
    };
    status.into_response()
}

fn otherwise<T: Debug>(begun: Begun<T>) -> Response {
    match begun {
        Begun::Replay(answer) => (StatusCode::CREATED, [("replayed", "true")], answer),
        Begun::Running { .. } => (StatusCode::CONFLICT, [("retry-after", "1")], Bytes::new()),
        Begun::Reused => (StatusCode::UNPROCESSABLE_ENTITY, [("x", "x")], Bytes::new()),
        other => panic!("{other:?}"),
    }
    .into_response()
}

/// The key that a request has, and what it asks for.
fn claim_of(headers: &HeaderMap, order: &[u8]) -> Claim {
    let key = headers["idempotency-key"].to_str().unwrap();
    let key = Key::new(&Scope::of(["http", "POST /orders"]), key).unwrap();
    Claim::new(key, Fingerprint::of([order]))
}

/// A handler that waits.
#[derive(Default)]
struct Waits {
    begun: Notify,
    may_end: Notify,
}

/// A service on this store, with the handlers that there may be: one that completes, one that forgets
/// to, one that fails, one that waits, and one that is a closure.
macro_rules! service {
    ($store:ty, $given:expr, $waits:expr) => {{
        async fn orders(
            State((store, waits)): State<($store, Arc<Waits>)>,
            Path(what): Path<String>,
            headers: HeaderMap,
            order: Bytes,
        ) -> Response {
            let claim = claim_of(&headers, &order);
            if what == "run" {
                let begun = store.run(&claim, async |tx| {
                    <$store>::add(tx.as_mut(), &claim).await?;
                    Ok::<_, TxError>(Bytes::from("created"))
                });
                return match begun.await {
                    Ok(Begun::First(answer)) => (StatusCode::CREATED, answer).into_response(),
                    Ok(begun) => otherwise(begun),
                    Err(error) => failed(&error),
                };
            }
            let mut tx = match store.begin(&claim).await {
                Ok(Begun::First(tx)) => tx,
                Ok(begun) => return otherwise(begun),
                Err(error) => return failed(&error),
            };
            let watch = tx.watch();
            <$store>::add(&mut tx, &claim).await.unwrap();
            let answer = Bytes::from("created");
            match what.as_str() {
                "forgets" => drop(tx),
                "waits" => {
                    waits.begun.notify_one();
                    waits.may_end.notified().await;
                    tx.complete(answer.clone(), KEEP).await.unwrap();
                }
                _ => tx.complete(answer.clone(), KEEP).await.unwrap(),
            }
            match watch.check() {
                Ok(()) => (StatusCode::CREATED, answer).into_response(),
                Err(error) => failed(&error),
            }
        }
        Router::new().route("/{what}", post(orders)).with_state(($given, $waits))
    }};
}

async fn serve(service: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

/// The status, and the whole answer in small letters.
async fn ask(server: SocketAddr, what: &str, key: &str, order: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(server).await.unwrap();
    let length = order.len();
    let request = format!(
        "POST /{what} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
         idempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{order}"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.to_ascii_lowercase())
}

macro_rules! answers_are_true {
    ($store:ty, $given:expr) => {{
        let store = $given;
        let waits = Arc::new(Waits::default());
        let server = serve(service!($store, store.clone(), waits.clone())).await;
        let count = async |key: &str| {
            let key = Key::new(&Scope::of(["http", "POST /orders"]), key).unwrap();
            store.count(&Claim::new(key, Fingerprint::of([]))).await
        };
        for first in ["completes", "run"] {
            let key = Nonce::unique().to_string();
            // Nothing is promised that has not happened, and the next try is the first.
            for _ in 0..2 {
                let (status, answer) = ask(server, "forgets", &key, "lamp").await;
                assert!(status == 500 && !answer.contains("created"), "{answer}");
                assert_eq!(count(&key).await, 0);
            }
            let (status, answer) = ask(server, first, &key, "lamp").await;
            assert!(status == 201 && answer.ends_with("created"), "{answer}");
            assert!(!answer.contains("replayed"), "{answer}");
            for again in ["completes", "run", "forgets"] {
                let (status, answer) = ask(server, again, &key, "lamp").await;
                assert!(status == 201 && answer.ends_with("created"), "{answer}");
                assert!(answer.contains("replayed: true"), "{answer}");
                assert_eq!(ask(server, again, &key, "desk").await.0, 422);
            }
            assert_eq!(count(&key).await, 1);
        }
        let key = Nonce::unique().to_string();
        let first = tokio::spawn({
            let key = key.clone();
            async move { ask(server, "waits", &key, "lamp").await }
        });
        waits.begun.notified().await;
        let (status, answer) = ask(server, "run", &key, "lamp").await;
        assert!(status == 409 && answer.contains("retry-after: 1"), "{answer}");
        waits.may_end.notify_one();
        assert_eq!(first.await.unwrap().0, 201);
        assert_eq!(count(&key).await, 1);
    }};
}

const WAIT: std::time::Duration = std::time::Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    let file = File::new();
    answers_are_true!(SqliteStore, file.store().await.wait(WAIT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let store = PgStore::new(pg_pool(shared(), 4).await).wait(WAIT);
    store.make_rows().await;
    answers_are_true!(PgStore, store);
}
