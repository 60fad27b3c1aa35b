//! The code that the derive writes.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{DeriveInput, Generics, Ident};

use crate::bounds::{bounds, mentions, with_bounds};
use crate::input::{Body, FaultBody, Field, Input, RetryAfter, Variant};
use crate::message::Part;

pub(crate) fn fault(input: &Input<'_>) -> TokenStream {
    let ident = input.ident;
    let generics = with_bounds(ident, input.generics, input.variants.iter().flat_map(bounds));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let kind = arms(input, kind_arm);
    let message = arms(input, message_arm);
    let metadata = arms(input, metadata_arm);
    let retry_after = arms(input, retry_after_arm);
    let details = arms(input, details_arm);
    let table = table(input);
    let conversions = if input.manual { TokenStream::new() } else { conversions(ident, &generics) };
    quote! {
        #[automatically_derived]
        impl #impl_generics ::mainstay_errors::Fault for #ident #type_generics #where_clause {
            fn kind(&self) -> ::mainstay_errors::Kind<'_> {
                #kind
            }

            fn message(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #message
            }

            fn metadata(
                &self,
                visit: &mut dyn ::core::ops::FnMut(&str, &dyn ::core::fmt::Display),
            ) {
                #metadata
            }

            fn retry_after(&self) -> ::core::option::Option<::core::time::Duration> {
                #retry_after
            }

            fn details(&self) -> ::core::option::Option<&::mainstay_errors::Details> {
                #details
            }

            #table
        }

        #conversions
    }
}

/// Stands for the implementation where the input is wrong, so that the compiler does not also
/// complain that there is none.
pub(crate) fn placeholder(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let generics = with_bounds(ident, &input.generics, []);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let conversions =
        if may_be_manual(input) { TokenStream::new() } else { conversions(ident, &generics) };
    quote! {
        #[automatically_derived]
        impl #impl_generics ::mainstay_errors::Fault for #ident #type_generics #where_clause {
            fn kind(&self) -> ::mainstay_errors::Kind<'_> {
                ::core::unreachable!()
            }

            fn message(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::unreachable!()
            }
        }

        #conversions
    }
}

/// Whether the word is anywhere in the type's attributes, which are not readable here.
fn may_be_manual(input: &DeriveInput) -> bool {
    let attributes = input.attrs.iter().map(ToTokens::to_token_stream).collect();
    mentions(attributes, &|ident| ident == "manual")
}

/// A `match` on self, with an arm a variant.
fn arms(
    input: &Input<'_>,
    arm: impl Fn(&Variant<'_>) -> (TokenStream, TokenStream),
) -> TokenStream {
    if input.variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = input.variants.iter().map(|variant| {
        let (pattern, value) = arm(variant);
        quote!(#pattern => #value)
    });
    quote! {
        #[allow(unused_variables, clippy::match_same_arms)]
        match self { #(#arms,)* }
    }
}

/// A pattern that binds these fields, each to [`binding`].
fn pattern(variant: &Variant<'_>, fields: &[Field<'_>]) -> TokenStream {
    let path = variant.ident.map_or_else(|| quote!(Self), |ident| quote!(Self::#ident));
    let fields = fields.iter().map(|field| {
        let binding = binding(*field);
        let member = field.field.ident.as_ref().map_or_else(
            || {
                let index = syn::Index::from(field.index);
                quote!(#index)
            },
            |ident| quote!(#ident),
        );
        quote!(#member: #binding)
    });
    quote!(#path { #(#fields,)* .. })
}

/// What a pattern calls the field. It stands where the field does, so that the compiler's
/// complaints about a field point there and not at the derive.
fn binding(field: Field<'_>) -> Ident {
    let span = Span::call_site().located_at(field.span());
    format_ident!("field_{}", field.index, span = span)
}

/// A call, on a field, of a method of the trait that says what the field has to be. A field that
/// is not is complained about where its type is written; and once, as each call is the same.
fn asked(field: Field<'_>, of_trait: &str, method: &str) -> TokenStream {
    let (ty, binding) = (&field.field.ty, binding(field));
    let (of_trait, method) = (format_ident!("{of_trait}"), format_ident!("{method}"));
    quote!(<#ty as ::mainstay_errors::__private::#of_trait>::#method(#binding))
}

/// A field that has to be `Display`, as nothing but that. Here too, one complaint is enough.
fn shown(field: Field<'_>) -> TokenStream {
    let (ty, binding) = (&field.field.ty, binding(field));
    quote!(::mainstay_errors::__private::public::<#ty>(#binding))
}

/// An arm that asks the inner fault of a transparent variant.
fn inner(
    variant: &Variant<'_>,
    field: Field<'_>,
    call: &TokenStream,
) -> (TokenStream, TokenStream) {
    let as_fault = asked(field, "AsFault", "as_fault");
    (pattern(variant, &[field]), quote!(#as_fault.#call))
}

fn kind_arm(variant: &Variant<'_>) -> (TokenStream, TokenStream) {
    match &variant.body {
        Body::Transparent(field) => inner(variant, *field, &quote!(kind())),
        Body::Fault(body) => (pattern(variant, &[]), kind(body)),
    }
}

fn kind(body: &FaultBody<'_>) -> TokenStream {
    let (code, reason) = (&body.code, &body.reason);
    let status = body.status.map(|status| quote!(.status(#status)));
    let domain = body.domain.as_ref().map(|domain| quote!(.domain(#domain)));
    let type_uri = body.type_uri.as_ref().map(|uri| quote!(.type_uri(#uri)));
    let title = body.title.as_ref().map(|title| quote!(.title(#title)));
    let help = body.help.as_ref().map(|url| quote!(.help(#url)));
    quote! {
        const {
            ::mainstay_errors::Kind::new(::mainstay_errors::Code::#code, #reason)
                #status #domain #type_uri #title #help
        }
    }
}

fn message_arm(variant: &Variant<'_>) -> (TokenStream, TokenStream) {
    let body = match &variant.body {
        Body::Transparent(field) => return inner(variant, *field, &quote!(message(f))),
        Body::Fault(body) => body,
    };
    if let [Part::Text(text)] = body.message.parts.as_slice() {
        return (pattern(variant, &[]), quote!(f.write_str(#text)));
    }
    let holes: Vec<_> = body.message.holes().filter_map(|hole| hole_in(body, hole)).collect();
    let arguments = holes.iter().map(|(field, spec)| argument(*field, spec));
    let fields: Vec<_> = body.public.iter().map(|public| public.field).collect();
    let format = body.message.format_string();
    let format = syn::LitStr::new(&format, body.message.literal.span());
    (pattern(variant, &fields), quote!(::core::write!(f, #format, #(#arguments),*)))
}

fn hole_in<'a>(
    body: &FaultBody<'a>,
    (hole, spec): (&str, &'a str),
) -> Option<(Field<'a>, &'a str)> {
    let public = body.public.iter().find(|public| public.field.name() == hole)?;
    Some((public.field, spec))
}

/// An argument of the format string. What [`shown`] makes of a field is `Display` alone, and
/// formats other than that want the field itself.
fn argument(field: Field<'_>, spec: &str) -> TokenStream {
    if spec.ends_with(|last: char| last.is_ascii_alphabetic()) {
        binding(field).to_token_stream()
    } else {
        shown(field)
    }
}

fn metadata_arm(variant: &Variant<'_>) -> (TokenStream, TokenStream) {
    let body = match &variant.body {
        Body::Transparent(field) => return inner(variant, *field, &quote!(metadata(visit))),
        Body::Fault(body) => body,
    };
    let fields: Vec<_> = body.public.iter().map(|public| public.field).collect();
    let visits = body.public.iter().map(|public| {
        let (key, shown) = (&public.key, shown(public.field));
        quote!(visit(#key, #shown);)
    });
    (pattern(variant, &fields), quote!({ #(#visits)* }))
}

fn retry_after_arm(variant: &Variant<'_>) -> (TokenStream, TokenStream) {
    let body = match &variant.body {
        Body::Transparent(field) => return inner(variant, *field, &quote!(retry_after())),
        Body::Fault(body) => body,
    };
    match &body.retry_after {
        RetryAfter::Field(field) => (pattern(variant, &[*field]), asked(*field, "Wait", "wait")),
        constant => (pattern(variant, &[]), constant_wait(constant)),
    }
}

fn constant_wait(retry_after: &RetryAfter<'_>) -> TokenStream {
    match retry_after {
        RetryAfter::Always(wait) => {
            let (seconds, nanos) = (wait.as_secs(), wait.subsec_nanos());
            quote!(::core::option::Option::Some(::core::time::Duration::new(#seconds, #nanos)))
        }
        RetryAfter::Unknown | RetryAfter::Field(_) => quote!(::core::option::Option::None),
    }
}

fn details_arm(variant: &Variant<'_>) -> (TokenStream, TokenStream) {
    let body = match &variant.body {
        Body::Transparent(field) => return inner(variant, *field, &quote!(details())),
        Body::Fault(body) => body,
    };
    match body.details {
        Some(field) => {
            let binding = binding(field);
            let details = quote! {{
                let details: &::mainstay_errors::Details = #binding;
                ::core::option::Option::Some(details)
            }};
            (pattern(variant, &[field]), details)
        }
        None => (pattern(variant, &[]), quote!(::core::option::Option::None)),
    }
}

fn table(input: &Input<'_>) -> TokenStream {
    let rows = input.variants.iter().filter_map(|variant| match &variant.body {
        Body::Fault(body) => Some(row(body)),
        Body::Transparent(_) => None,
    });
    let inner = input.variants.iter().filter_map(|variant| match &variant.body {
        Body::Fault(_) => None,
        Body::Transparent(field) => {
            let ty = &field.field.ty;
            Some(quote!(<#ty as ::mainstay_errors::__private::AsFault>::table))
        }
    });
    quote! {
        fn table() -> &'static ::mainstay_errors::FaultTable
        where
            Self: ::core::marker::Sized,
        {
            const { &::mainstay_errors::FaultTable::new(&[#(#rows),*], &[#(#inner),*]) }
        }
    }
}

fn row(body: &FaultBody<'_>) -> TokenStream {
    let (kind, wait) = (kind(body), constant_wait(&body.retry_after));
    let message = body.message.literal.value();
    let keys = body.public.iter().map(|public| &public.key);
    quote! {
        const {
            ::mainstay_errors::FaultRow::new(#kind, #message)
                .metadata(&[#(#keys),*])
                .retry_after(#wait)
        }
    }
}

fn conversions(ident: &Ident, generics: &Generics) -> TokenStream {
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        ::mainstay_errors::fault_conversions! {
            [#impl_generics] [#ident #type_generics] [#where_clause]
        }
    }
}
