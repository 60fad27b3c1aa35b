//! As in its documentation: `ErrorDetails` into a `Status`. `add_header` is what tonic's server
//! calls on it then.

use std::collections::HashMap;

use http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{DOMAIN, NotFound, REASON};

pub(super) fn headers(error: &NotFound) -> HeaderMap {
    let mut metadata: HashMap<String, String> = HashMap::new();
    metadata.insert("orderId".into(), error.order_id.to_string());
    metadata.insert("shop".into(), error.shop.clone());
    let status = Status::with_error_details(
        Code::NotFound,
        format!("There is no order {} in {}.", error.order_id, error.shop),
        ErrorDetails::with_error_info(REASON, DOMAIN, metadata),
    );
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).expect("it fits headers");
    headers
}
