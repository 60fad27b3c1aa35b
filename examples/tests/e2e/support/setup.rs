use mainstay_testkit::servers::Redis;

use super::Database;

/// A database and a store of idempotency keys, both of one test's own.
pub(crate) struct Setup {
    pub(crate) database: Database,
    pub(crate) keys: Keys,
}

/// Where idempotency keys are kept.
pub(crate) enum Keys {
    Database,
    Memory,
    Redis(Box<Redis>),
}

impl Setup {
    pub(crate) fn sqlite() -> Self {
        Self { database: Database::sqlite(), keys: Keys::Database }
    }

    pub(crate) fn postgres() -> Self {
        Self { database: Database::postgres(), keys: Keys::Database }
    }

    pub(crate) fn memory() -> Self {
        Self { database: Database::sqlite(), keys: Keys::Memory }
    }

    /// A server of the test's own, which it may stop.
    pub(crate) fn redis() -> Self {
        let redis = Redis::private().unwrap();
        Self { database: Database::postgres(), keys: Keys::Redis(Box::new(redis)) }
    }

    /// The value of the flag.
    pub(crate) fn keys_url(&self) -> &str {
        match &self.keys {
            Keys::Database => "database",
            Keys::Memory => "memory",
            Keys::Redis(server) => server.url(),
        }
    }

    pub(crate) fn redis_server(&mut self) -> &mut Redis {
        match &mut self.keys {
            Keys::Redis(server) => server,
            Keys::Database | Keys::Memory => panic!("it is not on Redis"),
        }
    }
}

/// Makes a test of each function that takes a [`Setup`], once for each place of keys.
macro_rules! on_each_store {
    ($($test:ident),+ $(,)?) => {
        mod each_store {
            $crate::support::on_each_store!(@ sqlite $($test)+);
            $crate::support::on_each_store!(@ postgres $($test)+);
            $crate::support::on_each_store!(@ memory $($test)+);
            $crate::support::on_each_store!(@ redis $($test)+);
        }
    };
    (@ $store:ident $($test:ident)+) => {
        mod $store {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::super::$test($crate::support::Setup::$store()).await;
            })+
        }
    };
}

pub(crate) use on_each_store;
