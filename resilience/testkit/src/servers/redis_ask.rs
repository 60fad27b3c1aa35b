//! The little of Redis's protocol that setting up a server takes.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// Sends one command over a connection of its own. The answer is as it was on the wire, without
/// the end of its last line.
pub(super) fn ask(port: u16, password: &str, command: &[&str]) -> io::Result<String> {
    const PATIENCE: Duration = Duration::from_secs(1);
    const ACCEPTED: &str = "+OK\r\n";
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = [encoded(&["AUTH", password]), encoded(command), encoded(&["QUIT"])].concat();
    stream.write_all(request.as_bytes())?;

    let mut answers = String::new();
    stream.read_to_string(&mut answers)?;
    let between = answers.strip_prefix(ACCEPTED).and_then(|rest| rest.strip_suffix(ACCEPTED));
    let answer = between.ok_or_else(|| io::Error::other(format!("Redis answers {answers:?}")))?;
    Ok(answer.trim_end().to_owned())
}

fn encoded(command: &[&str]) -> String {
    let arguments = command.iter().map(|argument| format!("${}\r\n{argument}\r\n", argument.len()));
    format!("*{}\r\n{}", command.len(), arguments.collect::<String>())
}
