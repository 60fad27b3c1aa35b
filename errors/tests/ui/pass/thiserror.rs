//! Beside every attribute of `thiserror`, on the same fields.
#![deny(warnings)]

use std::error::Error as _;

use mainstay_errors::{Fault, PublicMessage};

#[derive(Debug, thiserror::Error, Fault)]
enum Wrong {
    /// A comment, and a lint that is allowed.
    #[allow(dead_code)]
    #[error("from")]
    #[fault(internal, reason = "FROM", message = "It broke.")]
    From(#[from] std::io::Error),

    #[error("source {cause}")]
    #[fault(invalid_argument, reason = "SOURCE", message = "It is not a number: {cause}.")]
    Source {
        #[source]
        #[fault(public)]
        cause: std::num::ParseIntError,
    },

    #[error("{}, {text}", text.len())]
    #[fault(invalid_argument, reason = "EXPRESSION", message = "It is too long.")]
    Expression { text: String },

    #[error(fmt = display)]
    #[fault(invalid_argument, reason = "FUNCTION", message = "It is wrong.")]
    Function(u8),
}

fn display(number: &u8, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    write!(f, "{number}")
}

fn main() {
    let source = "x".parse::<u8>().map_err(|cause| Wrong::Source { cause });
    let Err(source) = source else { return };
    assert_eq!(
        PublicMessage(&source).to_string(),
        "It is not a number: invalid digit found in string."
    );
    assert!(source.source().is_some());
    assert_eq!(Wrong::Expression { text: "ab".into() }.to_string(), "2, ab");
    assert_eq!(Wrong::Function(7).to_string(), "7");
    assert_eq!(Wrong::from(std::io::Error::other("host")).kind().reason, "FROM");
}
