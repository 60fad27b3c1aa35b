use super::Output;

#[inline]
pub(super) fn append_integer<O: Output>(out: &mut O, value: impl itoa::Integer) {
    out.append(itoa::Buffer::new().format(value).as_bytes());
}

/// The float, with as many digits as tell it from all others. It must be finite.
#[inline]
pub(super) fn append_float<O: Output>(out: &mut O, value: impl zmij::Float) {
    out.append(zmij::Buffer::new().format_finite(value).as_bytes());
}

#[inline]
pub(super) fn append_bool<O: Output>(out: &mut O, value: bool) {
    out.append(if value { b"true" } else { b"false" });
}
