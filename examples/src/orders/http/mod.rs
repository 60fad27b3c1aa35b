//! The service over HTTP.

mod duplicates;
mod json;
mod order_body;
mod order_id;
mod order_query;
mod routes;

pub use routes::router;
