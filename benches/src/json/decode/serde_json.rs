use bytes::Bytes;

use super::Read;

pub(super) fn read<T: Read>(input: &Bytes) -> T {
    ::serde_json::from_slice(input).expect("it is a value")
}
