//! How the programs start, and how they say that they cannot.

use std::process::Output;

use crate::support::{Process, Service, output_of};

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
        "orders.db",
    ] {
        let line = one_line(&output_of(ORDERS, &["--database", url, "--http", "127.0.0.1:0"]));
        assert!(line.contains("database"), "{line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
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
