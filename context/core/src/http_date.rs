//! Dates as HTTP writes them (RFC 9110, section 5.6.7): one form to send, three to accept.
//!
//! By hand, because this crate depends on `http` alone; a property test compares every form with
//! the `httpdate` crate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const DAYS_TO_1970: u64 = 719_162;

struct Date {
    year: u64,
    month: u64,
    day: u64,
    seconds: u64,
}

/// Reads an IMF-fixdate, or one of the two obsolete forms. Dates before 1970 have no use here
/// and are refused like malformed ones.
pub(crate) fn parse(text: &[u8]) -> Option<SystemTime> {
    let fields: Vec<&[u8]> =
        text.split(|byte| matches!(byte, b' ' | b'-')).filter(|field| !field.is_empty()).collect();
    let date = match *fields.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [_, day, month, year, time, b"GMT"] if year.len() == 4 => Date {
            year: number(year)?,
            month: month_number(month)?,
            day: number(day)?,
            seconds: seconds_of_day(time)?,
        },
        // Sunday, 06-Nov-94 08:49:37 GMT
        [_, day, month, year, time, b"GMT"] if year.len() == 2 => Date {
            year: full_year(number(year)?),
            month: month_number(month)?,
            day: number(day)?,
            seconds: seconds_of_day(time)?,
        },
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] if year.len() == 4 => Date {
            year: number(year)?,
            month: month_number(month)?,
            day: number(day)?,
            seconds: seconds_of_day(time)?,
        },
        _ => return None,
    };
    date.system_time()
}

impl Date {
    fn system_time(&self) -> Option<SystemTime> {
        if self.year < 1970 || self.day == 0 || self.day > days_in(self.year, self.month) {
            return None;
        }
        let before = self.year - 1;
        let leap_days = before / 4 - before / 100 + before / 400;
        let months: u64 = (1..self.month).map(|month| days_in(self.year, month)).sum();
        let days = before * 365 + leap_days + months + self.day - 1 - DAYS_TO_1970;
        UNIX_EPOCH.checked_add(Duration::from_secs(days * 86_400 + self.seconds))
    }
}

fn days_in(year: u64, month: u64) -> u64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Two digits mean 1970 to 2069: no `Retry-After` points further than that.
fn full_year(two_digits: u64) -> u64 {
    if two_digits < 70 { 2000 + two_digits } else { 1900 + two_digits }
}

fn month_number(name: &[u8]) -> Option<u64> {
    let at = MONTHS.iter().position(|month| *month == name)?;
    u64::try_from(at + 1).ok()
}

fn seconds_of_day(time: &[u8]) -> Option<u64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = time else {
        return None;
    };
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[m1, m2])?, number(&[s1, s2])?);
    // A leap second counts as the second before it, as POSIX time has none.
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then(|| hour * 3600 + minute * 60 + second.min(59))
}

fn number(digits: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0, |sum, byte| Some(sum * 10 + digit(byte)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: Duration = Duration::from_secs(784_111_777);

    #[test]
    fn the_three_forms_of_the_rfc_are_one_date() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(UNIX_EPOCH + EXAMPLE), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "3",
            "soon",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Feb 2023 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Thu, 01 Jan 1969 00:00:00 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2100 08:49:37 GMT",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert!(parse(b"Tue, 29 Feb 2000 00:00:00 GMT").is_some());
    }

    proptest! {
        /// The peer writes it, we read it: every second from 1970 to 9999.
        #[test]
        fn agrees_with_httpdate(seconds in 0_u64..253_402_300_800) {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            let text = httpdate::fmt_http_date(time);
            prop_assert_eq!(parse(text.as_bytes()), Some(time));
            prop_assert_eq!(httpdate::parse_http_date(&text).ok(), Some(time));
        }

        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&text);
        }

        /// Nearly-dates, which random bytes never reach.
        #[test]
        fn never_panics_on_nearly_dates(text in "[A-Z][a-z]{2},? [0-9]{0,5}[- ][A-Z][a-z]{2}[- ][0-9]{0,5} [0-9]{1,2}:[0-9]{2}:[0-9]{2}( GMT)?") {
            let _ = parse(text.as_bytes());
        }
    }
}
