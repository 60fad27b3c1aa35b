use std::env;

use super::{error::ServerError, private::Private, redis_program::RedisProgram, url};

/// A Redis server for one test, empty at first.
///
/// A private server writes every change to its log before it answers, so whatever it has confirmed
/// survives [`kill`](Self::kill). The server that `REDIS_URL` names is used as it is, with all it
/// holds: tests put a prefix of their own before their keys.
#[derive(Debug)]
pub struct Redis {
    url: String,
    server: Option<Private<RedisProgram>>,
}

impl Redis {
    /// The server that `REDIS_URL` names; without it, a [`private`](Self::private) one.
    pub fn start() -> Result<Self, ServerError> {
        match env::var("REDIS_URL") {
            Ok(url) => Ok(Self { url, server: None }),
            Err(_) => Self::private(),
        }
    }

    /// A server that only this value knows, for tests that stop and kill it.
    pub fn private() -> Result<Self, ServerError> {
        let program = RedisProgram::prepare()?;
        let password = program.password().to_owned();
        let server = Private::start(program)?;
        let port = server.port();
        Ok(Self { url: format!("redis://:{password}@127.0.0.1:{port}/"), server: Some(server) })
    }

    /// Where to connect, with password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether only this value knows it, and may do with it as it likes.
    pub fn is_private(&self) -> bool {
        self.server.is_some()
    }

    /// The port it listens on; a restart keeps it.
    pub fn port(&self) -> u16 {
        const DEFAULT: u16 = 6379;
        url::port(&self.url, DEFAULT)
    }

    /// Ends the server in order, as an administrator would.
    pub fn stop(&mut self) -> Result<(), ServerError> {
        self.own_server()?.stop();
        Ok(())
    }

    /// Ends the server as a crash would.
    pub fn kill(&mut self) -> Result<(), ServerError> {
        self.own_server()?.kill();
        Ok(())
    }

    /// Starts the server again, on the same port and the same data; stops it first if it runs.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.own_server()?.restart()
    }

    fn own_server(&mut self) -> Result<&mut Private<RedisProgram>, ServerError> {
        self.server.as_mut().ok_or_else(|| ServerError::not_ours("REDIS_URL"))
    }
}
