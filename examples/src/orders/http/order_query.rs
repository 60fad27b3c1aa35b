use std::borrow::Cow;

use crate::orders::OrderError;
use crate::orders::model::rules::Wrong;
use crate::orders::model::{ListDraft, ListQuery, Violations};

const UNKNOWN: Wrong = Wrong { reason: "UNKNOWN_PARAMETER", detail: "is not known here" };
const DUPLICATE: Wrong = Wrong { reason: "DUPLICATE", detail: "must not be there twice" };
const NOT_INTEGER: Wrong = Wrong { reason: "WRONG_TYPE", detail: "must be a whole number" };

/// Reads which orders to list from a query string.
pub(super) fn read(query: Option<&str>) -> Result<ListQuery, OrderError> {
    let mut wrong = Violations::default();
    let mut given = Given::default();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        given.take(&name, value, &mut wrong);
    }
    let draft = given.draft(&mut wrong);
    let query = draft.check(|name, how| wrong.query(name, how));
    wrong.finish(Some(query))
}

/// The parameters as text.
#[derive(Default)]
struct Given<'a> {
    status: Option<Cow<'a, str>>,
    currency: Option<Cow<'a, str>>,
    min_total_cents: Option<Cow<'a, str>>,
    limit: Option<Cow<'a, str>>,
    cursor: Option<Cow<'a, str>>,
}

impl<'a> Given<'a> {
    fn take(&mut self, name: &str, value: Cow<'a, str>, wrong: &mut Violations) {
        let place = match name {
            "status" => &mut self.status,
            "currency" => &mut self.currency,
            "min_total_cents" => &mut self.min_total_cents,
            "limit" => &mut self.limit,
            "cursor" => &mut self.cursor,
            unknown => return wrong.query(unknown, UNKNOWN),
        };
        if place.replace(value).is_some() {
            wrong.query(name, DUPLICATE);
        }
    }

    fn draft(self, wrong: &mut Violations) -> ListDraft {
        ListDraft {
            status: self.status.map(Cow::into_owned),
            currency: self.currency.map(Cow::into_owned),
            min_total_cents: integer("min_total_cents", self.min_total_cents.as_deref(), wrong),
            limit: integer("limit", self.limit.as_deref(), wrong),
            cursor: self.cursor.map(Cow::into_owned),
        }
    }
}

fn integer(name: &str, text: Option<&str>, wrong: &mut Violations) -> Option<i64> {
    text?.parse().map_err(|_| wrong.query(name, NOT_INTEGER)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::model::{Currency, Status};

    #[test]
    fn no_parameter_is_needed() {
        let query = read(None).unwrap();
        assert_eq!((query.limit, query.status, query.cursor), (20, None, None));
    }

    #[test]
    fn parameters_are_decoded() {
        let query = read(Some("status=pa%69d&currency=EUR&min_total_cents=5&limit=100")).unwrap();
        assert_eq!((query.status, query.currency), (Some(Status::Paid), Some(Currency::Eur)));
        assert_eq!((query.min_total_cents, query.limit), (Some(5), 100));
    }

    #[test]
    fn every_wrong_parameter_is_told() {
        let wrong =
            "status=x&limit=ten&min_total_cents=-1&cursor=&currency=EUR&currency=EUR&page=2";
        let Err(OrderError::Invalid { details }) = read(Some(wrong)) else { panic!() };
        let wrongs = details.field_violations.iter();
        let mut wrongs: Vec<_> = wrongs.map(|it| (it.path.as_ref(), it.reason.as_ref())).collect();
        wrongs.sort_unstable();
        let expected = [
            ("currency", "DUPLICATE"),
            ("cursor", "PATTERN"),
            ("limit", "WRONG_TYPE"),
            ("min_total_cents", "OUT_OF_RANGE"),
            ("page", "UNKNOWN_PARAMETER"),
            ("status", "NOT_ALLOWED"),
        ];
        assert_eq!(wrongs, expected);
    }
}
