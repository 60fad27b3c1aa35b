use mainstay_examples::orders::grpc::v1::order_service_client::OrderServiceClient;
use tonic::transport::{Channel, Endpoint};

use super::{Api, Database, Gateway, Process, Setup, Simulator};

/// The service `orders`, running.
pub(crate) struct Service {
    pub(crate) process: Process,
    pub(crate) api: Api,
    pub(crate) admin: Api,
    pub(crate) gateway: Gateway,
    _database: Option<Database>,
}

impl Service {
    /// On a file of its own, where it does not matter which database it is.
    pub(crate) async fn start_alone() -> Self {
        let database = Database::sqlite();
        let service = Self::start(&database).await;
        Self { _database: Some(database), ..service }
    }

    /// On this database, with the embedded simulator.
    pub(crate) async fn start(database: &Database) -> Self {
        Self::start_with(&["--database", &database.url()]).await
    }

    /// On this database, with a simulator of its own process.
    pub(crate) async fn start_calling(database: &Database, simulator: &Simulator) -> Self {
        let payments = simulator.gateway.url();
        Self::start_with(&["--database", &database.url(), "--payments", payments]).await
    }

    /// On this database and this store of keys, with a simulator of its own process.
    pub(crate) async fn start_on(setup: &Setup, simulator: &Simulator) -> Self {
        let (database, payments) = (setup.database.url(), simulator.gateway.url());
        let keys = setup.keys_url();
        Self::start_with(&["--database", &database, "--payments", payments, "--idempotency", keys])
            .await
    }

    async fn start_with(arguments: &[&str]) -> Self {
        let free = ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
        let arguments = [&free, arguments].concat();
        let process = Process::start(env!("CARGO_BIN_EXE_orders"), &arguments).await;
        Self {
            api: Api::at(&process.address("http")),
            admin: Api::at(&process.address("admin")),
            gateway: Gateway::at(process.address("payments")),
            process,
            _database: None,
        }
    }

    /// A gRPC connection.
    pub(crate) async fn channel(&self) -> Channel {
        let url = format!("http://{}", self.process.address("grpc"));
        Endpoint::from_shared(url).unwrap().connect().await.unwrap()
    }

    /// A gRPC client of orders.
    pub(crate) async fn grpc(&self) -> OrderServiceClient<Channel> {
        OrderServiceClient::new(self.channel().await)
    }
}
