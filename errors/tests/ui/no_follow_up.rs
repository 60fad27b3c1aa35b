use axum::response::IntoResponse;
use mainstay_errors::{Error, Fault};
use tonic::Status;

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong<E: std::error::Error + Send + Sync + 'static> {
    #[error("no order")]
    #[fault(not_found, reason = "order-not-found", message = "There is no such order.")]
    NotFound(#[source] E),
}

fn over_http(wrong: Wrong<std::io::Error>) -> impl IntoResponse {
    wrong
}

fn over_grpc(wrong: Wrong<std::io::Error>) -> Result<(), Status> {
    Err(wrong)?
}

fn by_hand(wrong: Wrong<std::io::Error>) -> Result<(), Error> {
    Err(wrong)?
}

fn main() {}
