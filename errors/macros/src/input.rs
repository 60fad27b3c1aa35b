//! The type that derives, read and checked.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Generics, Ident, LitStr, Result};

use crate::attributes::{Domain, FieldAttributes, TypeAttributes, VariantAttributes};
use crate::check;
use crate::message::Message;

pub(crate) struct Input<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Whether the conversions are left to the user.
    pub(crate) manual: bool,
    pub(crate) variants: Vec<Variant<'a>>,
}

pub(crate) struct Variant<'a> {
    /// The name, for a variant of an enum; none for a struct.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) body: Body<'a>,
}

pub(crate) enum Body<'a> {
    /// Another fault, passed through.
    Transparent(Field<'a>),
    Fault(Box<FaultBody<'a>>),
}

pub(crate) struct FaultBody<'a> {
    pub(crate) code: Ident,
    pub(crate) reason: LitStr,
    pub(crate) status: Option<u16>,
    pub(crate) domain: Option<Domain>,
    pub(crate) type_uri: Option<String>,
    pub(crate) title: Option<LitStr>,
    pub(crate) help: Option<LitStr>,
    pub(crate) message: Message,
    pub(crate) retry_after: RetryAfter<'a>,
    pub(crate) public: Vec<PublicField<'a>>,
    pub(crate) details: Option<Field<'a>>,
}

pub(crate) enum RetryAfter<'a> {
    Unknown,
    Always(std::time::Duration),
    Field(Field<'a>),
}

pub(crate) struct PublicField<'a> {
    pub(crate) field: Field<'a>,
    pub(crate) key: String,
}

/// A field, by its name or by its number.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) index: usize,
    pub(crate) field: &'a syn::Field,
}

impl Field<'_> {
    /// As a hole of the message names it.
    pub(crate) fn name(&self) -> String {
        self.field.ident.as_ref().map_or_else(
            || self.index.to_string(),
            |ident| {
                let name = ident.to_string();
                name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
            },
        )
    }
}

impl<'a> Input<'a> {
    pub(crate) fn read(input: &'a DeriveInput) -> Result<Self> {
        let (of_type, variants) = match &input.data {
            Data::Enum(data) => {
                let of_type = TypeAttributes::read(&input.attrs)?;
                let variants = data.variants.iter().map(|variant| {
                    let attributes = VariantAttributes::read(&variant.attrs)?;
                    Variant::read(Some(&variant.ident), &variant.fields, &attributes, &of_type)
                });
                let variants = all(variants)?;
                (of_type, variants)
            }
            Data::Struct(data) => {
                let (of_type, attributes) = TypeAttributes::read_struct(&input.attrs)?;
                let span = attributes.span.unwrap_or_else(|| input.ident.span());
                let attributes = VariantAttributes { span: Some(span), ..attributes };
                check_transparent_struct(&attributes, &of_type)?;
                let variant = Variant::read(None, &data.fields, &attributes, &of_type)?;
                (of_type, vec![variant])
            }
            Data::Union(_) => {
                return Err(Error::new(input.ident.span(), "a fault is an enum or a struct"));
            }
        };
        check_owned(&input.generics)?;
        of_type.domain.as_ref().map_or(Ok(()), check::domain)?;
        of_type.types.as_ref().map_or(Ok(()), check::uri)?;
        check_reasons_differ(&variants)?;
        Ok(Self {
            ident: &input.ident,
            generics: &input.generics,
            manual: of_type.manual.is_some(),
            variants,
        })
    }
}

impl<'a> Variant<'a> {
    fn read(
        ident: Option<&'a Ident>,
        fields: &'a Fields,
        attributes: &VariantAttributes,
        of_type: &TypeAttributes,
    ) -> Result<Self> {
        let body = if let Some(span) = attributes.transparent {
            Body::Transparent(transparent_field(span, fields, attributes)?)
        } else {
            let span = attributes.span.or_else(|| ident.map(Ident::span));
            let span = span.unwrap_or_else(Span::call_site);
            Body::Fault(Box::new(FaultBody::read(span, fields, attributes, of_type)?))
        };
        Ok(Self { ident, body })
    }
}

impl<'a> FaultBody<'a> {
    fn read(
        span: Span,
        fields: &'a Fields,
        attributes: &VariantAttributes,
        of_type: &TypeAttributes,
    ) -> Result<Self> {
        let missing = |what: &str| Error::new(span, what);
        if attributes.code.is_none() && attributes.reason.is_none() && attributes.message.is_none()
        {
            return Err(missing(
                "missing `#[fault(code, reason = \"...\", message = \"...\")]`, or `#[fault(transparent)]`",
            ));
        }
        let code = attributes
            .code
            .clone()
            .ok_or_else(|| missing("missing code, as in `#[fault(not_found, ...)]`"))?;
        let reason = attributes
            .reason
            .clone()
            .ok_or_else(|| missing("missing `reason = \"UPPER_SNAKE\"`: what clients branch on"))?;
        check::reason(&reason)?;
        let message = attributes.message.as_ref().ok_or_else(|| {
            missing(
                "missing `message = \"...\"`: what the client is told; `Display` is for the log",
            )
        })?;
        let message = Message::read(message)?;
        let marked = Marked::read(fields)?;
        marked.check_holes(&message, fields)?;
        attributes.help.as_ref().map_or(Ok(()), check::uri)?;
        Ok(Self {
            status: attributes.status.as_ref().map(check::status).transpose()?,
            domain: of_type.domain.clone(),
            type_uri: of_type.types.as_ref().map(|base| base.value() + &reason.value()),
            title: attributes.title.clone(),
            help: attributes.help.clone(),
            retry_after: marked.retry_after(attributes.retry_after.as_ref())?,
            public: marked.public,
            details: marked.details,
            code,
            reason,
            message,
        })
    }
}

/// The fields that have a mark.
struct Marked<'a> {
    public: Vec<PublicField<'a>>,
    retry_after: Option<Field<'a>>,
    details: Option<Field<'a>>,
}

impl<'a> Marked<'a> {
    fn read(fields: &'a Fields) -> Result<Self> {
        let mut marked = Self { public: Vec::new(), retry_after: None, details: None };
        for (index, field) in fields.iter().enumerate() {
            let attributes = FieldAttributes::read(&field.attrs)?;
            let field = Field { index, field };
            if let Some(public) = &attributes.public {
                let key = public_key(field, public.key.as_ref(), public.span)?;
                if marked.public.iter().any(|other| other.key == key) {
                    let span = public.key.as_ref().map_or(public.span, LitStr::span);
                    let text = format!("the metadata key `{key}` is another field's already");
                    return Err(Error::new(span, text));
                }
                marked.public.push(PublicField { field, key });
            }
            only_one(&mut marked.retry_after, attributes.retry_after, field)?;
            only_one(&mut marked.details, attributes.details, field)?;
        }
        Ok(marked)
    }

    fn check_holes(&self, message: &Message, fields: &Fields) -> Result<()> {
        let is_field = |name: &str| {
            fields.iter().enumerate().any(|(index, field)| Field { index, field }.name() == name)
        };
        for (hole, _) in message.holes() {
            if self.public.iter().any(|public| public.field.name() == hole) {
                continue;
            }
            let text = if is_field(hole) {
                format!("the message shows `{hole}`, which is not marked `#[fault(public)]`")
            } else {
                format!("the message shows `{hole}`, and there is no such field")
            };
            return Err(Error::new(message.literal.span(), text));
        }
        Ok(())
    }

    fn retry_after(&self, always: Option<&LitStr>) -> Result<RetryAfter<'a>> {
        match (always, self.retry_after) {
            (None, None) => Ok(RetryAfter::Unknown),
            (Some(literal), None) => Ok(RetryAfter::Always(check::duration(literal)?)),
            (None, Some(field)) => Ok(RetryAfter::Field(field)),
            (Some(literal), Some(_)) => {
                Err(Error::new(literal.span(), "the wait comes from a field here"))
            }
        }
    }
}

fn public_key(field: Field<'_>, given: Option<&LitStr>, span: Span) -> Result<String> {
    let key = match given {
        Some(key) => key.clone(),
        None if field.field.ident.is_none() => {
            return Err(Error::new(
                span,
                "a field without a name needs a metadata key: `#[fault(public = \"...\")]`",
            ));
        }
        None => LitStr::new(&check::lower_camel(&field.name()), span),
    };
    check::metadata_key(&key)?;
    Ok(key.value())
}

fn only_one<'a>(place: &mut Option<Field<'a>>, mark: Option<Span>, field: Field<'a>) -> Result<()> {
    match mark {
        Some(span) if place.is_some() => {
            Err(Error::new(span, "another field has this mark already"))
        }
        Some(_) => {
            *place = Some(field);
            Ok(())
        }
        None => Ok(()),
    }
}

const NOTHING_OF_ITS_OWN: &str =
    "what is transparent has the inner fault's attributes, and none of its own";

/// The field that holds the inner fault: the only one.
fn transparent_field<'a>(
    span: Span,
    fields: &'a Fields,
    attributes: &VariantAttributes,
) -> Result<Field<'a>> {
    if attributes.says_what_inner_says() {
        return Err(Error::new(span, NOTHING_OF_ITS_OWN));
    }
    let mut fields = fields.iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        let text = "a transparent variant has exactly one field, the inner fault";
        return Err(Error::new(span, text));
    };
    match FieldAttributes::read(&field.attrs)?.mark() {
        Some(mark) => Err(Error::new(mark, NOTHING_OF_ITS_OWN)),
        None => Ok(Field { index: 0, field }),
    }
}

/// An enum has its domain for the other variants; a struct that is transparent has no others.
fn check_transparent_struct(
    attributes: &VariantAttributes,
    of_type: &TypeAttributes,
) -> Result<()> {
    match attributes.transparent {
        Some(span) if of_type.domain.is_some() || of_type.types.is_some() => {
            Err(Error::new(span, NOTHING_OF_ITS_OWN))
        }
        _ => Ok(()),
    }
}

/// A fault goes wherever an error goes, such as into a log on another thread.
fn check_owned(generics: &Generics) -> Result<()> {
    generics.lifetimes().next().map_or(Ok(()), |lifetime| {
        Err(Error::new(lifetime.lifetime.span(), "a fault owns what it has, and borrows nothing"))
    })
}

fn check_reasons_differ(variants: &[Variant<'_>]) -> Result<()> {
    let mut seen = HashSet::new();
    for variant in variants {
        if let Body::Fault(body) = &variant.body
            && !seen.insert(body.reason.value())
        {
            return Err(Error::new(
                body.reason.span(),
                format!("the reason {} is another variant's already", body.reason.value()),
            ));
        }
    }
    Ok(())
}

/// The results, or all of their errors in one.
fn all<T>(results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
    let (mut good, mut bad) = (Vec::new(), None::<Error>);
    for result in results {
        match (result, &mut bad) {
            (Ok(value), _) => good.push(value),
            (Err(error), Some(bad)) => bad.combine(error),
            (Err(error), None) => bad = Some(error),
        }
    }
    bad.map_or(Ok(good), Err)
}

impl Field<'_> {
    pub(crate) fn span(&self) -> Span {
        self.field.ty.span()
    }
}
