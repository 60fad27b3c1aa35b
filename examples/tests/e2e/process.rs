//! How the programs start, and how they say that they cannot.

use std::process::Output;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};

use crate::support::{Database, Process, Service, eventually, output_of};

const ORDERS: &str = env!("CARGO_BIN_EXE_orders");
const PAYMENTS: &str = env!("CARGO_BIN_EXE_payments");

#[test]
fn a_bad_flag_is_one_line_and_exit_2() {
    for program in [ORDERS, PAYMENTS] {
        for flags in [["--colour", "red"].as_slice(), &["--log", "xml"], &["--listen", "x"]] {
            one_line(&output_of(program, flags));
        }
    }
    for flags in [["--http", "nowhere"], ["--payments", "ftp://x"], ["--idempotency", "paper"]] {
        one_line(&output_of(ORDERS, &flags));
    }
}

#[test]
fn a_database_that_is_not_there_is_one_line_and_exit_2() {
    for url in [
        "postgres://user:hunter2@127.0.0.1:1/orders",
        "sqlite:///no/such/folder/orders.db",
        "mysql://127.0.0.1/orders",
        // Every connection would have one of its own.
        "sqlite::memory:",
        "sqlite://?mode=memory",
        "sqlite://o.db?mode=memory&cache=shared",
        "sqlite://",
        "orders.db",
    ] {
        let line = one_line(&output_of(ORDERS, &["--database", url, "--http", "127.0.0.1:0"]));
        assert!(line.contains("database"), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[test]
fn an_idempotency_store_that_is_not_there_is_one_line_and_exit_2() {
    for url in ["redis://:hunter2@127.0.0.1:1", "redis://", "rediss://:hunter2@h", "http://h"] {
        let line = one_line(&output_of(ORDERS, &["--idempotency", url, "--http", "127.0.0.1:0"]));
        assert!(line.contains("idempotency"), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
}

/// Somebody else has begun to create the schema and does not come to an end.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_hangs_is_given_up_and_can_be_stopped() {
    let database = Database::postgres();
    let url = database.url();
    let mut other = PgConnection::connect(&url).await.unwrap();
    let lock = "SELECT pg_advisory_lock(7165316849)";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();

    let flags = ["--database", &url, "--http=127.0.0.1:0", "--grpc=127.0.0.1:0"];
    let mut stopped = tokio::process::Command::new(ORDERS).args(flags).spawn().unwrap();
    eventually("the start", async || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut other).await.unwrap();
        (waiting == 1).then_some(())
    })
    .await;
    let pid = Pid::from_raw(stopped.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(stopped.wait().await.unwrap().code(), Some(0));

    let line = one_line(&output_of(ORDERS, &flags));
    assert!(line.contains("not ready within"), "{line}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_one_line_and_exit_2() {
    let service = Service::start_alone().await;
    let taken = service.process.address("http");
    let line = one_line(&output_of(ORDERS, &["--http", &taken]));
    assert!(line.contains(&taken), "{line}");
    one_line(&output_of(PAYMENTS, &["--listen", &taken]));
}

#[test]
fn help_is_no_failure() {
    for program in [ORDERS, PAYMENTS] {
        let output = output_of(program, &["--help"]);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("Usage:"));
    }
}

#[tokio::test]
async fn the_line_names_every_listener() {
    let service = Service::start_alone().await;
    for name in ["http", "grpc", "admin"] {
        let address: std::net::SocketAddr = service.process.address(name).parse().unwrap();
        assert_ne!(address.port(), 0);
    }
    assert!(service.process.address("payments").starts_with("http://127.0.0.1:"));
    let payments = Process::start(PAYMENTS, &["--listen", "127.0.0.1:0"]).await;
    assert!(payments.address("payments").starts_with("127.0.0.1:"));
}

/// The one line of a process that cannot start.
fn one_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("error: "), "{text}");
    assert!(output.stdout.is_empty());
    text
}
