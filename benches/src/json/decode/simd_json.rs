use bytes::Bytes;

use super::Read;

pub(super) fn read<T: Read>(input: &Bytes) -> T {
    let mut input = input.to_vec();
    ::simd_json::from_slice(&mut input).expect("it is a value")
}
