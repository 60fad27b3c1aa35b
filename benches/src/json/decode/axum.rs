use bytes::Bytes;

use super::Read;

pub(super) fn read<T: Read>(input: &Bytes) -> T {
    let ::axum::Json(value) = ::axum::Json::from_bytes(input).expect("it is a value");
    value
}
