use std::env;

use super::{
    error::ServerError, postgres_program::PostgresProgram, private::Private, psql, random, url,
};

/// A PostgreSQL database for one test, empty at first.
///
/// A private server keeps PostgreSQL's own defaults for durability: whatever it has confirmed
/// survives [`kill`](Self::kill). On a server that `DATABASE_URL` names, this is a database with a
/// unique name, which needs `psql` and a role that may create databases; it is dropped with this
/// value.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    server: Server,
}

#[derive(Debug)]
enum Server {
    Private(Private<PostgresProgram>),
    Named { admin_url: String, database: String },
}

impl Postgres {
    /// A database on the server that `DATABASE_URL` names; without it, a [`private`](Self::private)
    /// server.
    pub fn start() -> Result<Self, ServerError> {
        match env::var("DATABASE_URL") {
            Ok(admin_url) => Self::on_named(admin_url),
            Err(_) => Self::private(),
        }
    }

    /// A server that only this value knows, for tests that stop and kill it.
    pub fn private() -> Result<Self, ServerError> {
        let program = PostgresProgram::prepare()?;
        let password = program.password().to_owned();
        let server = Private::start(program)?;
        let port = server.port();
        Ok(Self {
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
            server: Server::Private(server),
        })
    }

    fn on_named(admin_url: String) -> Result<Self, ServerError> {
        let database = format!("mainstay_test_{}", random::hex());
        psql::run(&admin_url, &format!("create database {database}"))?;
        Ok(Self {
            url: url::with_database(&admin_url, &database),
            server: Server::Named { admin_url, database },
        })
    }

    /// Where to connect, with user, password and database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The port it listens on; a restart keeps it.
    pub fn port(&self) -> u16 {
        const DEFAULT: u16 = 5432;
        url::port(&self.url, DEFAULT)
    }

    /// Ends the server in order, as an administrator would: it breaks off what runs, writes
    /// everything down, and lets go of its port.
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

    fn own_server(&mut self) -> Result<&mut Private<PostgresProgram>, ServerError> {
        match &mut self.server {
            Server::Private(server) => Ok(server),
            Server::Named { .. } => Err(ServerError::not_ours("DATABASE_URL")),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Server::Named { admin_url, database } = &self.server {
            // A server that is gone by now has no place to say so, and no use for it.
            let _ = psql::run(admin_url, &format!("drop database {database} with (force)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_server_lends_a_database_and_gets_it_back() {
        let named = Postgres::private().unwrap();
        let mut lent = Postgres::on_named(named.url().to_owned()).unwrap();
        let url = lent.url().to_owned();
        assert_eq!(lent.port(), named.port());
        psql::run(&url, "create table only_here (n int)").unwrap();
        psql::run(named.url(), "select from only_here").unwrap_err();

        let refused = lent.kill().unwrap_err();
        assert!(refused.to_string().contains("DATABASE_URL"), "{refused}");

        drop(lent);
        let gone = psql::run(&url, "select 1").unwrap_err();
        assert!(gone.to_string().contains("does not exist"), "{gone}");
    }

    #[test]
    fn a_server_that_cannot_start_shows_its_log() {
        let program = PostgresProgram::prepare().unwrap();
        std::fs::write(program.data().join("postgresql.conf"), "no_such_setting = 1").unwrap();
        let error = Private::start(program).unwrap_err();
        assert!(error.to_string().contains("no_such_setting"), "{error}");
    }
}
