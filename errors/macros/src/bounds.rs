//! What a generic type needs to be a fault.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Generics, Ident, Type};

use crate::input::{Body, Variant};

/// The bounds without which a generic type would be a fault of some parameters only: the error's
/// own, and those of the fields that are of a parameter's type.
pub(crate) fn with_bounds(
    ident: &Ident,
    generics: &Generics,
    bounds: impl IntoIterator<Item = (TokenStream, Type)>,
) -> Generics {
    let mut bounded = generics.clone();
    if generics.params.is_empty() {
        return bounded;
    }
    let (_, type_generics, _) = generics.split_for_impl();
    let predicates = &mut bounded.make_where_clause().predicates;
    predicates.push(syn::parse_quote! {
        #ident #type_generics: ::std::error::Error
            + ::core::marker::Send + ::core::marker::Sync + 'static
    });
    let is_parameter = |word: &Ident| generics.type_params().any(|known| known.ident == *word);
    for (bound, ty) in bounds {
        if mentions(ty.to_token_stream(), &is_parameter) {
            predicates.push(syn::parse_quote!(#ty: #bound));
        }
    }
    bounded
}

/// What the fields of a variant have to be.
pub(crate) fn bounds(variant: &Variant<'_>) -> Vec<(TokenStream, Type)> {
    match &variant.body {
        Body::Transparent(field) => {
            vec![(quote!(::mainstay_errors::__private::AsFault), field.field.ty.clone())]
        }
        Body::Fault(body) => {
            let types = body.public.iter().map(|public| public.field.field.ty.clone());
            types.map(|ty| (quote!(::core::fmt::Display), ty)).collect()
        }
    }
}

/// Whether such a word is anywhere in it.
pub(crate) fn mentions(tokens: TokenStream, word: &impl Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), word),
        TokenTree::Ident(ident) => word(&ident),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
