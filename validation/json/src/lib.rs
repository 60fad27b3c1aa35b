//! JSON out on pooled buffers without allocating, JSON in within limits.
//!
//! # Out
//!
//! [`to_bytes`] and [`to_body`] write what `serde_json::to_vec` writes, and once a thread has made
//! a few answers they allocate nothing. A serialiser of its own, which looks at strings by words
//! and knows the names of fields when it is compiled, writes to a plain `Vec` of the thread, and
//! what it has written is copied once.
//!
//! | part | what for |
//! |---|---|
//! | [`to_bytes`] | an answer as [`Bytes`](bytes::Bytes): for axum, for a cache, for anybody |
//! | [`to_body`] | an answer as a body of its own: on bare hyper nothing is allocated at all |
//! | [`to_sensitive_body`] | the same, erased when it is dropped |
//! | [`Fragments`] | answers that are mostly constant |
//! | [`append_to`] | a value at the end of a `Vec` of yours |
//! | [`Buffer`] | a buffer of the pool, for what writes to a `Vec` by itself |
//! | [`pool_stats`] | hits, misses and bytes held, for metrics |
//!
//! ```
//! #[derive(serde::Serialize)]
//! struct Order { id: u64, item: &'static str }
//!
//! let answer = mainstay_json::to_bytes(&Order { id: 7, item: "tea" })?;
//! assert_eq!(answer, r#"{"id":7,"item":"tea"}"#);
//! # Ok::<(), mainstay_json::EncodeError>(())
//! ```
//!
//! The pool belongs to threads: free buffers lie with the thread that dropped them, and what it
//! has too much of lies where all threads find it. A buffer is owned by whoever has it, so that
//! none in use is handed out again, whatever thread drops it. All of it is bounded:
//!
//! | what | at most |
//! |---|---|
//! | a buffer that is kept | 8 MiB, and no more than 95 in 100 of the last 1024 uses needed |
//! | free buffers of a thread | 4 MiB |
//! | free buffers for all threads | 32 MiB |
//! | memory under [`Bytes`](bytes::Bytes) that are alive, of a thread | 512 KiB; 8 MiB under those over 16 KiB |
//! | where a thread writes its answers | 16 MiB, of which half was needed within the last minute |
//!
//! Past that, memory is allocated and freed as without a pool: answers that alternate between
//! sizes that do not fit into 8 MiB together cost one allocation for one of them. What a thread has
//! not used for 30 seconds it gives up the next time that it looks at the clock: at each use of
//! 16 KiB and more, and at each sixteenth smaller one.
//!
//! # In
//!
//! [`from_slice`], [`read_body`] and [`from_body`] read a value within [`Limits`]: bytes, depth,
//! length of strings and arrays, members of objects. They hold wherever the JSON goes, and cost no
//! pass of their own, as they are kept by a wrapper around `serde_json` that is compiled into the
//! type's own reading. Only what is wrong is looked at twice, to say what and where: an error has
//! line, column and JSON Pointer.
//!
//! What is not free is to look at what `serde_json` skips, and to know the names of an object:
//!
//! | input | against `serde_json` alone |
//! |---|---|
//! | members that are ignored | about 3 times as long: they are read as if they were not |
//! | a `RawValue` | the same and more: it is skipped, then read |
//! | a map of more than 16 names | about 1.4 times: the names are hashed, in a set of its own |
//!
//! ```
//! use mainstay_json::{Limits, from_slice};
//! use serde::Deserialize;
//!
//! #[derive(Debug, Deserialize)]
//! struct Order {
//!     lines: Vec<Line>,
//! }
//!
//! #[derive(Debug, Deserialize)]
//! struct Line {
//!     quantity: u32,
//! }
//!
//! const LIMITS: Limits = Limits::new().body(64 * 1024).array(100);
//!
//! let error = from_slice::<Order>(br#"{"lines":[{"quantity":"2"}]}"#, &LIMITS).unwrap_err();
//! assert_eq!(error.pointer(), "/lines/0/quantity");
//! assert_eq!(error.public(), "This value is not what is expected here.");
//! ```
//!
//! What is accepted is RFC 8259, and of what that leaves open:
//!
//! | input | verdict |
//! |---|---|
//! | a name twice in an object, however it is spelled | refused |
//! | a number that no `f64` is, as `1e400` | refused |
//! | a number with too many digits | the nearest float |
//! | half a pair of surrogates, `"\ud800"` | refused |
//! | a byte order mark, UTF-16, invalid UTF-8 anywhere | refused |
//! | the name `$serde_json::private::RawValue` in a map | refused, as `serde_json` would read the member's string as JSON |
//!
//! That goes for members that are ignored and for what is in a `RawValue` too, which `serde_json`
//! does not look at. Of names that come twice, a struct refuses those of its own fields itself: a
//! derived one does, one that is written by hand and asks for `deserialize_struct` may not.
//!
//! With the feature `arbitrary_precision` of `serde_json`, a number that is read into a `Value`
//! counts as an object of one string, and `1e400` is one.
//!
//! # Features
//!
//! - `axum`: `Json<T>`, an extractor and a response in the place of axum's, with [`Limits`] from an
//!   `Extension` of the router; `SensitiveJson`; and `JsonRejection`, the answer to what is refused.
//! - `errors`: what is refused is a fault of `mainstay-errors`, with the pointer.

#[cfg(feature = "axum")]
mod axum;
mod body;
mod decode;
mod encode;
#[cfg(feature = "errors")]
mod errors;
#[cfg(not(feature = "errors"))]
#[path = "no_errors.rs"]
mod errors;
mod fragments;
mod limits;
mod pool;
mod sensitive;
mod write;

#[cfg(feature = "axum")]
pub use axum::{Json, JsonRejection, SensitiveJson};
pub use body::{JsonBody, JsonData};
pub use decode::{
    DecodeError, ErrorKind, FromBody, ReadBody, Received, from_body, from_slice, read_body,
};
pub use encode::{EncodeError, append_to, to_body, to_bytes};
pub use fragments::Fragments;
pub use limits::Limits;
pub use pool::{Buffer, PoolStats, pool_stats};
pub use sensitive::to_sensitive_body;
