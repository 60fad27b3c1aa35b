//! The derive of `mainstay-errors`. Use it through that crate, whose documentation describes the
//! attributes.

mod attributes;
mod bounds;
mod check;
mod expand;
mod input;
mod message;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes an error type a `Fault`; see `mainstay_errors::Fault`.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn derive_fault(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let tokens = match input::Input::read(&input) {
        Ok(read) => expand::fault(&read),
        Err(error) => {
            let errors = error.to_compile_error();
            let placeholder = expand::placeholder(&input);
            quote::quote!(#errors #placeholder)
        }
    };
    tokens.into()
}
