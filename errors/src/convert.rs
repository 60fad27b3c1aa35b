//! What a framework needs of a fault: `IntoResponse` for axum, `From` for `tonic::Status`.
//!
//! A blanket implementation for all faults is not possible (neither trait nor status is ours),
//! so the derive and [`fault_conversions!`](crate::fault_conversions) write one per type.

/// Implements the conversions that the features ask for on a fault written by hand:
/// `axum_core::response::IntoResponse` under `axum`, `From<T> for tonic::Status` under `tonic`.
///
/// The derive calls it by itself. See [`Fault`](crate::Fault) for an example; a type with
/// parameters is given in brackets, `fault_conversions!([<T: Bound>] [Shed<T>] [where …])`.
///
/// Whoever writes one of these implementations by hand leaves out this macro, or says
/// `#[fault(manual)]` to the derive, even while the feature is off: another crate of the build may
/// turn it on.
#[macro_export]
macro_rules! fault_conversions {
    ([$($generics:tt)*] [$fault:ty] [$($bounds:tt)*]) => {
        $crate::__axum_conversion!([$($generics)*] [$fault] [$($bounds)*]);
        $crate::__tonic_conversion!([$($generics)*] [$fault] [$($bounds)*]);
    };
    ($fault:ident) => {
        $crate::fault_conversions!([] [$fault] []);
    };
}

#[cfg(feature = "axum")]
#[doc(hidden)]
#[macro_export]
macro_rules! __axum_conversion {
    ([$($generics:tt)*] [$fault:ty] [$($bounds:tt)*]) => {
        impl $($generics)* $crate::__private::axum_core::response::IntoResponse for $fault
        $($bounds)*
        {
            fn into_response(self) -> $crate::__private::axum_core::response::Response {
                $crate::__private::axum_core::response::IntoResponse::into_response(
                    $crate::Error::new(self),
                )
            }
        }
    };
}

#[cfg(not(feature = "axum"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __axum_conversion {
    ($($ignored:tt)*) => {};
}

#[cfg(feature = "tonic")]
#[doc(hidden)]
#[macro_export]
macro_rules! __tonic_conversion {
    ([$($generics:tt)*] [$fault:ty] [$($bounds:tt)*]) => {
        impl $($generics)* ::core::convert::From<$fault> for $crate::__private::tonic::Status
        $($bounds)*
        {
            fn from(fault: $fault) -> Self {
                ::core::convert::From::from($crate::Error::new(fault))
            }
        }
    };
}

#[cfg(not(feature = "tonic"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __tonic_conversion {
    ($($ignored:tt)*) => {};
}
