use bytes::Bytes;

use super::Read;

pub(super) fn read<T: Read>(input: &Bytes) -> T {
    let text = std::str::from_utf8(input).expect("it is UTF-8");
    ::serde_json::from_str(text).expect("it is a value")
}
