use bytes::Bytes;

use super::Read;

pub(super) fn read<T: Read>(input: &Bytes) -> T {
    ::sonic_rs::from_slice(input).expect("it is a value")
}
