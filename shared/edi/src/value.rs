//! Which characters make a number, a date, a time. Source: X12.6, data element types.

use std::ops::RangeInclusive;

/// Only digits, and as many as `len` allows.
pub(crate) fn is_digits(bytes: &[u8], len: RangeInclusive<usize>) -> bool {
    len.contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

/// A date of the calendar: YYMMDD or CCYYMMDD. Years of two digits are taken as leap years where they may be.
pub(crate) fn is_date(bytes: &[u8]) -> bool {
    if !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let (year, month_day) = match bytes {
        [year @ .., m1, m2, d1, d2] if matches!(year.len(), 2 | 4) => (year, [*m1, *m2, *d1, *d2]),
        _ => return false,
    };
    let year = year.iter().fold(0_u32, |sum, d| sum * 10 + u32::from(d - b'0'));
    let [m1, m2, d1, d2] = month_day.map(|d| u32::from(d - b'0'));
    let (month, day) = (m1 * 10 + m2, d1 * 10 + d2);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// A time of day: HHMM, HHMMSS, or with tenths or hundredths of a second after them.
pub(crate) fn is_time(bytes: &[u8]) -> bool {
    let two = |at: usize| match bytes.get(at..at + 2) {
        Some([tens, ones]) => (tens - b'0') * 10 + (ones - b'0'),
        _ => 0,
    };
    bytes.iter().all(u8::is_ascii_digit)
        && matches!(bytes.len(), 4 | 6 | 7 | 8)
        && two(0) < 24
        && two(2) < 60
        && two(4) < 60
}

/// A number with implied decimals: digits, and a minus sign before them.
pub(crate) fn is_integer(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// A decimal number: like an integer, with at most one point.
pub(crate) fn is_decimal(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && digits.split(|b| *b == b'.').count() <= 2
        && digits.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_calendar() {
        for good in ["20240229", "240229", "000229", "20000229", "20261231"] {
            assert!(is_date(good.as_bytes()), "{good}");
        }
        for bad in ["", "20250229", "19000229", "20261301", "20260431", "20260100", "2026-1-1", "2026010", "0229"] {
            assert!(!is_date(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn times_of_day() {
        for good in ["0000", "2359", "235959", "2359599", "23595999"] {
            assert!(is_time(good.as_bytes()), "{good}");
        }
        for bad in ["", "2400", "2360", "235960", "12345", "12:3", "123456789"] {
            assert!(!is_time(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn numbers() {
        assert!(["0", "-12", "007"].iter().all(|n| is_integer(n.as_bytes())));
        assert!(!["", "-", "1.0", "+1", "1-"].iter().any(|n| is_integer(n.as_bytes())));
        assert!(["0", "-1.5", ".5", "5."].iter().all(|n| is_decimal(n.as_bytes())));
        assert!(!["", ".", "-", "1.2.3", "1E5", "1,5"].iter().any(|n| is_decimal(n.as_bytes())));
    }
}
