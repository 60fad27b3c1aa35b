//! Nothing of the derive's depends on what is in scope.
#![deny(warnings)]
#![deny(missing_docs, unreachable_pub, unused_qualifications, trivial_casts, unused_results)]
#![allow(dead_code, unused_macros, non_camel_case_types)]

mod core {}
mod std {}
mod mainstay_errors {}

type Option = ();
type Result = ();
trait Fault {}
struct Error;
struct u64;
macro_rules! write {
    () => {};
}
macro_rules! unreachable {
    () => {};
}

#[derive(Debug, ::thiserror::Error, ::mainstay_errors::Fault)]
#[fault(domain = "orders.example.com")]
enum Wrong {
    #[error("no order")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no order {id}.")]
    NotFound {
        #[fault(public)]
        id: u8,
        #[fault(retry_after)]
        wait: ::std::time::Duration,
    },

    #[error("busy")]
    #[fault(unavailable, reason = "BUSY", message = "Not now.", retry_after = "1s")]
    Busy,
}

/// One that a macro of the user's makes.
macro_rules! fault {
    ($name:ident, $code:ident, $reason:literal, $message:literal, $field:ident: $ty:ty) => {
        #[derive(Debug, ::thiserror::Error, ::mainstay_errors::Fault)]
        #[error("{}", $message)]
        #[fault($code, reason = $reason, message = $message)]
        struct $name {
            #[fault(public)]
            $field: $ty,
        }
    };
}

fault!(Made, not_found, "MADE", "There is no {id}.", id: u8);

fn main() {
    let made = Made { id: 7 };
    assert_eq!(::mainstay_errors::PublicMessage(&made).to_string(), "There is no 7.");
    let busy = ::mainstay_errors::Error::new(Wrong::Busy);
    assert_eq!(busy.fault().kind().reason, "BUSY");
}
