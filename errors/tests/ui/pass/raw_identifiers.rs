//! A field, a variant and a type that are keywords.
#![deny(warnings)]

use mainstay_errors::{Fault, PublicMessage};

#[derive(Debug, thiserror::Error, Fault)]
#[allow(non_camel_case_types)]
enum r#fn {
    #[error("type")]
    #[fault(not_found, reason = "NO_SUCH_TYPE", message = "There is no {type}.")]
    r#match {
        #[fault(public)]
        r#type: &'static str,
    },
}

fn main() {
    let wrong = r#fn::r#match { r#type: "order" };
    assert_eq!(PublicMessage(&wrong).to_string(), "There is no order.");
    wrong.metadata(&mut |key, value| {
        assert_eq!((key, value.to_string().as_str()), ("type", "order"));
    });
}
