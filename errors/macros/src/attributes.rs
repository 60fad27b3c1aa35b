//! What stands in `#[fault(...)]`, as written.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, LitInt, LitStr, Path, Result, Token};

/// The gRPC codes that a fault can have, by the names the attribute takes.
const CODES: [(&str, &str); 16] = [
    ("cancelled", "Cancelled"),
    ("unknown", "Unknown"),
    ("invalid_argument", "InvalidArgument"),
    ("deadline_exceeded", "DeadlineExceeded"),
    ("not_found", "NotFound"),
    ("already_exists", "AlreadyExists"),
    ("permission_denied", "PermissionDenied"),
    ("resource_exhausted", "ResourceExhausted"),
    ("failed_precondition", "FailedPrecondition"),
    ("aborted", "Aborted"),
    ("out_of_range", "OutOfRange"),
    ("unimplemented", "Unimplemented"),
    ("internal", "Internal"),
    ("unavailable", "Unavailable"),
    ("data_loss", "DataLoss"),
    ("unauthenticated", "Unauthenticated"),
];

/// What may stand on the type as a whole.
#[derive(Default)]
pub(crate) struct TypeAttributes {
    pub(crate) domain: Option<Domain>,
    pub(crate) types: Option<LitStr>,
    pub(crate) manual: Option<()>,
}

/// A domain, written out or as the name of a constant that other code uses too.
#[derive(Clone)]
pub(crate) enum Domain {
    Text(LitStr),
    Constant(Path),
}

impl Parse for Domain {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Domain::Text);
        }
        let neither = input.error("expected a text or the name of a constant");
        input.parse().map(Domain::Constant).map_err(|_| neither)
    }
}

impl ToTokens for Domain {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Domain::Text(text) => text.to_tokens(tokens),
            Domain::Constant(path) => path.to_tokens(tokens),
        }
    }
}

/// What may stand on a variant, or on a struct, which is its own only variant.
#[derive(Default)]
pub(crate) struct VariantAttributes {
    /// Where to point when something is missing.
    pub(crate) span: Option<Span>,
    /// The name of a variant of `Code`, at the span of the word that was written.
    pub(crate) code: Option<Ident>,
    pub(crate) status: Option<LitInt>,
    pub(crate) reason: Option<LitStr>,
    pub(crate) message: Option<LitStr>,
    pub(crate) title: Option<LitStr>,
    pub(crate) retry_after: Option<LitStr>,
    pub(crate) help: Option<LitStr>,
    pub(crate) transparent: Option<Span>,
}

/// What may stand on a field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) public: Option<Public>,
    pub(crate) retry_after: Option<Span>,
    pub(crate) details: Option<Span>,
}

pub(crate) struct Public {
    pub(crate) span: Span,
    /// The metadata key, if another than the field's name in `lowerCamel`.
    pub(crate) key: Option<LitStr>,
}

impl TypeAttributes {
    /// Reads the attributes of an enum.
    pub(crate) fn read(attrs: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        each(attrs, |meta| {
            if read.take(meta)? {
                return Ok(());
            }
            Err(meta.error(
                "expected `domain`, `types` or `manual` on the type; the rest goes on its variants",
            ))
        })?;
        Ok(read)
    }

    /// Reads the attributes of a struct, which are those of a type and of a variant together.
    pub(crate) fn read_struct(attrs: &[Attribute]) -> Result<(Self, VariantAttributes)> {
        let (mut of_type, mut of_variant) = (Self::default(), VariantAttributes::read_span(attrs));
        each(attrs, |meta| if of_type.take(meta)? { Ok(()) } else { of_variant.take(meta) })?;
        Ok((of_type, of_variant))
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<bool> {
        if meta.path.is_ident("domain") {
            once(&mut self.domain, meta, |meta| meta.value()?.parse())?;
        } else if meta.path.is_ident("types") {
            once(&mut self.types, meta, text)?;
        } else if meta.path.is_ident("manual") {
            once(&mut self.manual, meta, word)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

impl VariantAttributes {
    pub(crate) fn read(attrs: &[Attribute]) -> Result<Self> {
        let mut read = Self::read_span(attrs);
        each(attrs, |meta| read.take(meta))?;
        Ok(read)
    }

    fn read_span(attrs: &[Attribute]) -> Self {
        let span = attrs.iter().find(|attr| is_ours(attr)).map(|attr| span_of(attr.path()));
        Self { span, ..Self::default() }
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let Some(name) = meta.path.get_ident().map(Ident::to_string) else {
            return Err(meta.error("expected a word"));
        };
        match name.as_str() {
            "status" => once(&mut self.status, meta, |meta| meta.value()?.parse()),
            "reason" => once(&mut self.reason, meta, text),
            "message" => once(&mut self.message, meta, text),
            "title" => once(&mut self.title, meta, text),
            "retry_after" => once(&mut self.retry_after, meta, text),
            "help" => once(&mut self.help, meta, text),
            "transparent" => {
                let span = span_of(&meta.path);
                once(&mut self.transparent, meta, |meta| word(meta).map(|()| span))
            }
            "domain" | "types" | "manual" => {
                Err(meta.error(format!("`{name}` goes on the type, not on a variant")))
            }
            name => self.take_code(meta, name),
        }
    }

    /// Whether anything is said that a transparent variant leaves to the inner fault.
    pub(crate) fn says_what_inner_says(&self) -> bool {
        self.code.is_some()
            || self.status.is_some()
            || [&self.reason, &self.message, &self.title, &self.retry_after, &self.help]
                .into_iter()
                .any(Option::is_some)
    }

    fn take_code(&mut self, meta: &ParseNestedMeta<'_>, written: &str) -> Result<()> {
        let Some((_, name)) = CODES.iter().find(|(known, _)| *known == written) else {
            let known: Vec<_> = CODES.iter().map(|(known, _)| format!("`{known}`")).collect();
            let known = known.join(", ");
            let message = format!("unknown code or attribute `{written}`; the codes are {known}");
            return Err(meta.error(message));
        };
        if self.code.is_some() {
            return Err(meta.error("a fault has one code"));
        }
        self.code = Some(Ident::new(name, span_of(&meta.path)));
        word(meta)
    }
}

impl FieldAttributes {
    pub(crate) fn read(attrs: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        each(attrs, |meta| {
            let span = span_of(&meta.path);
            if meta.path.is_ident("public") {
                once(&mut read.public, meta, |meta| {
                    let key = if meta.input.peek(Token![=]) { Some(text(meta)?) } else { None };
                    Ok(Public { span, key })
                })
            } else if meta.path.is_ident("retry_after") {
                once(&mut read.retry_after, meta, |meta| word(meta).map(|()| span))
            } else if meta.path.is_ident("details") {
                once(&mut read.details, meta, |meta| word(meta).map(|()| span))
            } else {
                Err(meta.error("expected `public`, `retry_after` or `details` on a field"))
            }
        })?;
        Ok(read)
    }

    /// Where a mark is, if there is one.
    pub(crate) fn mark(&self) -> Option<Span> {
        self.public.as_ref().map(|public| public.span).or(self.retry_after).or(self.details)
    }
}

/// Every item of every `#[fault(...)]`, as one error if several are wrong.
fn each(
    attrs: &[Attribute],
    mut take: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    attrs
        .iter()
        .filter(|attr| is_ours(attr))
        .try_for_each(|attr| attr.parse_nested_meta(|meta| take(&meta)))
}

fn is_ours(attr: &Attribute) -> bool {
    attr.path().is_ident("fault")
}

fn span_of(tokens: &impl syn::spanned::Spanned) -> Span {
    tokens.span()
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

/// Sees to it that nothing follows: what is a word takes no value.
fn word(meta: &ParseNestedMeta<'_>) -> Result<()> {
    let ends = meta.input.is_empty() || meta.input.peek(Token![,]);
    if ends { Ok(()) } else { Err(meta.error("this is a word alone, without a value")) }
}

fn once<T>(
    place: &mut Option<T>,
    meta: &ParseNestedMeta<'_>,
    read: impl FnOnce(&ParseNestedMeta<'_>) -> Result<T>,
) -> Result<()> {
    if place.is_some() {
        return Err(meta.error("given twice"));
    }
    *place = Some(read(meta)?);
    Ok(())
}
