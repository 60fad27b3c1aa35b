//! Starts a server and workers, does them harm, and checks what has come of it.

mod effects;
mod nemesis;
mod proxy;
mod server;
mod settings;
mod summary;
mod workers;

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use self::nemesis::Nemesis;
use self::proxy::Proxy;
use self::server::Server;
pub use self::settings::{Settings, StoreKind};
pub use self::summary::Summary;
use self::workers::Workers;
use crate::check::{Evidence, check};
use crate::history::{Delays, Ledger, micros, operations, read_all};
use crate::settings::Orders;

/// Why there was no round, or no end of one.
pub type Failed = Box<dyn Error + Send + Sync>;

/// Runs one round. `program` is this crate's, which is started once for each worker.
///
/// It takes [`Settings::seconds`] of real time, and then some until all has ended and is checked.
pub fn run(settings: &Settings, program: &Path) -> Result<Summary, Failed> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let server = Server::start(settings, folder.path())?;
    let round = Round { settings, program, folder, server: Arc::new(Mutex::new(server)) };
    // On this thread, which lasts: workers end with the thread that has started them.
    runtime.block_on(round.run())
}

/// What a round is made of.
struct Round<'a> {
    settings: &'a Settings,
    program: &'a Path,
    folder: TempDir,
    server: Arc<Mutex<Server>>,
}

impl Round<'_> {
    async fn run(self) -> Result<Summary, Failed> {
        let (direct, port) = {
            let server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
            (server.url(), server.port())
        };
        effects::prepare(&direct).await?;
        let proxy = match port {
            Some(port) => Some(Proxy::before(port).await?),
            None => None,
        };
        let by_proxy = proxy.as_ref().map_or(direct.clone(), |proxy| proxy.url(&direct));
        let orders = self.orders(&by_proxy);
        let (mut summary, delays) = self.disturbed(&orders, proxy).await?;
        let closing = self.close(Orders { store: direct.clone(), ..orders }).await?;
        let evidence = Evidence {
            keys: operations(read_all(self.folder.path())?, &delays),
            effects: Ledger::read(self.folder.path())?,
            rows: effects::read(&direct).await?,
            closing,
            repeats: self.settings.repeats(),
        };
        summary.count(&evidence);
        summary.judge(check(&evidence));
        Ok(summary)
    }

    fn orders(&self, store: &str) -> Orders {
        let begun = micros();
        Orders {
            name: String::new(),
            seed: self.settings.seed,
            store: store.to_owned(),
            folder: self.folder.path().to_owned(),
            pace: self.settings.pace(),
            begun,
            until: begun + self.settings.seconds * 1_000_000,
            is_closing: false,
            transacts: self.settings.transacts(),
        }
    }

    /// The workers at work, and what is done to them. All are dead when it returns.
    async fn disturbed(
        &self,
        orders: &Orders,
        proxy: Option<Proxy>,
    ) -> Result<(Summary, Delays), Failed> {
        let workers = Workers::start(self.program, orders, self.settings.workers)?;
        let nemesis = Nemesis::new(self.settings, workers, proxy, self.server.clone());
        nemesis.rage(orders.until).await
    }

    /// Asks for each key when all leases have ended, and says when that began.
    async fn close(&self, orders: Orders) -> Result<u64, Failed> {
        // What workers had sent may still be on its way to the store, and begin a lease there.
        const ON_THE_WAY: Duration = Duration::from_millis(500);
        sleep(Duration::from_micros(orders.pace.lease) + ON_THE_WAY).await;
        let closing = micros();
        let orders = Orders { is_closing: true, name: "closing".to_owned(), ..orders };
        Workers::start_one(self.program, &orders)?.end()?;
        Ok(closing)
    }
}
