//! The servers, as the tests of other crates use them.
#![cfg(test)]

use std::{
    fs::Permissions,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use mainstay_testkit::servers::{Postgres, Redis, RedisCluster, wait_until};

/// Runs `statements` with PostgreSQL's own client, which is installed with the server.
fn sql(url: &str, statements: &str) -> String {
    let answer = Command::new("psql")
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "-v", "ON_ERROR_STOP=1"])
        .args(["--command", statements, url])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).unwrap().trim().to_owned()
}

/// Sends one line to Redis and returns the answer's first bytes.
fn redis(server: &Redis, line: &str) -> String {
    let password = server.url().trim_start_matches("redis://:").split('@').next().unwrap();
    ask(server.port(), password, line)
}

fn ask(port: u16, password: &str, line: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "AUTH {password}\r\n{line}\r\nQUIT\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.strip_prefix("+OK\r\n").unwrap().strip_suffix("+OK\r\n").unwrap().trim_end().to_owned()
}

fn connects(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn postgres_keeps_its_data_over_a_stop_and_a_crash() {
    let mut postgres = Postgres::private().unwrap();
    let (url, port) = (postgres.url().to_owned(), postgres.port());
    sql(&url, "create table t (n int); insert into t values (1)");

    postgres.stop().unwrap();
    assert!(!connects(port));
    postgres.restart().unwrap();
    assert_eq!((postgres.url(), postgres.port()), (url.as_str(), port));
    sql(&url, "insert into t values (2)");

    postgres.kill().unwrap();
    assert!(!connects(port));
    postgres.restart().unwrap();
    assert_eq!(sql(&url, "select sum(n) from t"), "3");

    // Whoever has no password stays out.
    let stranger = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    let refused = Command::new("psql").args(["-w", "-c", "select 1", &stranger]).output().unwrap();
    assert!(!refused.status.success());
}

#[test]
fn redis_keeps_its_data_over_a_stop_and_a_crash() {
    let mut server = Redis::private().unwrap();
    let (url, port) = (server.url().to_owned(), server.port());
    assert_eq!(redis(&server, "PING"), "+PONG");
    assert_eq!(redis(&server, "INCR n"), ":1");

    server.stop().unwrap();
    assert!(!connects(port));
    server.restart().unwrap();
    assert_eq!((server.url(), server.port()), (url.as_str(), port));
    assert_eq!(redis(&server, "INCR n"), ":2");

    server.kill().unwrap();
    assert!(!connects(port));
    server.restart().unwrap();
    assert_eq!(redis(&server, "GET n"), "$1\r\n2");
}

#[test]
fn a_cluster_keeps_its_data_over_the_crash_of_a_node() {
    let mut cluster = RedisCluster::private().unwrap();
    let (urls, ports) = (cluster.urls(), cluster.ports());
    let ask = |node: usize, line: &str| {
        let password = urls[node].trim_start_matches("redis://:").split('@').next().unwrap();
        ask(ports[node], password, line)
    };
    // Its slot is 3432: on the first node, and the others know that.
    assert_eq!(ask(0, "INCR n"), ":1");
    assert_eq!(ask(1, "GET n"), format!("-MOVED 3432 127.0.0.1:{}", ports[0]));

    cluster.kill(0).unwrap();
    assert!(!connects(ports[0]));
    cluster.restart(0).unwrap();
    assert_eq!((cluster.urls(), cluster.ports()), (urls.clone(), ports.clone()));
    assert_eq!(ask(0, "GET n"), "$1\r\n1");

    drop(cluster);
    assert!(!ports.iter().any(|&port| connects(port)));
}

#[test]
fn a_dropped_server_is_gone_even_when_the_test_panics() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let test = thread::spawn(move || {
        let server = Redis::private().unwrap();
        sender.send(server.port()).unwrap();
        panic!("the test has failed");
    });
    let port = receiver.recv().unwrap();
    assert!(test.join().is_err());
    assert!(!connects(port));
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let start = || Redis::private().unwrap();
    let server = thread::spawn(start).join().unwrap();
    // The kernel would have killed it as the thread ended; give that time to show.
    let died = wait_until(Duration::from_millis(300), || (!connects(server.port())).then_some(()));
    assert_eq!(died, None);
}

/// Named by the variable for the test below, which runs this binary once more and kills it.
const HOLD: &str = "MAINSTAY_TESTKIT_HOLD";

#[test]
fn hold_servers_until_killed() {
    let Ok(ports) = std::env::var(HOLD) else {
        return;
    };
    let postgres = Postgres::private().unwrap();
    let redis = Redis::private().unwrap();
    let ready = format!("{ports}.ready");
    std::fs::write(&ready, format!("{} {}", postgres.port(), redis.port())).unwrap();
    std::fs::rename(&ready, ports).unwrap();
    loop {
        thread::park();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_test_takes_its_servers_with_it() {
    const LIMIT: Duration = Duration::from_secs(60);
    let folder = tempfile::tempdir().unwrap();
    // The servers' own folders go in here, and theirs may be another account.
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let ports = folder.path().join("ports");
    let mut held = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "hold_servers_until_killed"])
        .env(HOLD, &ports)
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Their data folders.
    let servers = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("mainstay-")).collect::<Vec<_>>()
    };
    let read = |file: &Path| std::fs::read_to_string(file).ok();
    let ports = wait_until(LIMIT, || read(&ports)).unwrap();
    let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
    assert!(ports.iter().all(|&port| connects(port)));
    assert_eq!(servers().len(), ports.len());

    held.kill().unwrap();
    held.wait().unwrap();
    let gone = wait_until(LIMIT, || (!ports.iter().any(|&port| connects(port))).then_some(()));
    assert_eq!(gone, Some(()));

    let removed = wait_until(LIMIT, || servers().is_empty().then_some(()));
    assert_eq!(removed, Some(()), "{:?}", servers());
}
