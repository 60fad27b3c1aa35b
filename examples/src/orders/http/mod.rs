//! The service over HTTP.

mod admin;
mod duplicates;
mod json;
mod order_body;
mod order_id;
mod order_query;
mod routes;

pub use admin::admin_router;
pub use routes::router;
