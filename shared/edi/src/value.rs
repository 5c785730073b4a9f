//! Which characters make a number, a date, a time. Source: X12.6, data element types.

use std::ops::RangeInclusive;

/// Only digits, and as many as `len` allows.
pub(crate) fn is_digits(bytes: &[u8], len: RangeInclusive<usize>) -> bool {
    len.contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit)
}

/// A date of the calendar: YYMMDD or CCYYMMDD. Years of two digits are taken as leap years where they may be.
pub(crate) fn is_date(bytes: &[u8]) -> bool {
    let (century, [y1, y2, m1, m2, d1, d2]) = match *bytes {
        [c1, c2, y1, y2, m1, m2, d1, d2] => ([c1, c2], [y1, y2, m1, m2, d1, d2]),
        [y1, y2, m1, m2, d1, d2] => ([b'0'; 2], [y1, y2, m1, m2, d1, d2]),
        _ => return false,
    };
    let mut digits = true;
    let mut two = |tens: u8, ones: u8| {
        digits &= tens.is_ascii_digit() & ones.is_ascii_digit();
        (u32::from(tens) * 10 + u32::from(ones)).wrapping_sub(u32::from(b'0') * 11)
    };
    let [c1, c2] = century;
    let (century, year, month, day) = (two(c1, c2), two(y1, y2), two(m1, m2), two(d1, d2));
    let leap = if year == 0 { century.is_multiple_of(4) } else { year.is_multiple_of(4) };
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    digits && (1..=last).contains(&day)
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

/// A form of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// N of X12: digits, the decimals implied.
    Integer,
    /// R of X12: at most one point, and perhaps an exponent after an `E`.
    Decimal,
    /// n of EDIFACT: at most one point or comma, with a digit after it, and perhaps an exponent. Whatever the UNA says,
    /// both marks are in use. Source: ISO 9735-1, numeric values.
    Edifact,
}

/// How many digits a number has; `None` if it is none. A minus sign may stand before it and before its exponent; no
/// sign, mark or `E` counts.
pub(crate) fn digits(bytes: &[u8], form: Number) -> Option<usize> {
    let number = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let (number, exponent) = match number.iter().position(|b| *b == b'E') {
        Some(at) if form != Number::Integer => (number.get(..at)?, number.get(at + 1..)?),
        _ => (number, &b"0"[..]),
    };
    let is_mark = |b: &u8| match form {
        Number::Integer => false,
        Number::Decimal => *b == b'.',
        Number::Edifact => matches!(b, b'.' | b','),
    };
    let marks = number.iter().filter(|b| is_mark(b)).count();
    let ends_well = form != Number::Edifact || !number.last().is_some_and(is_mark);
    let digits = number.len() - marks;
    let good = marks <= 1 && ends_well && digits > 0 && number.iter().all(|b| b.is_ascii_digit() || is_mark(b));
    let power = exponent.strip_prefix(b"-").unwrap_or(exponent);
    let good = good && is_digits(power, 1..=usize::MAX);
    let in_exponent =
        if number.len() + usize::from(bytes.first() == Some(&b'-')) < bytes.len() { power.len() } else { 0 };
    good.then_some(digits + in_exponent)
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
        let whole = |number: &str| digits(number.as_bytes(), Number::Integer);
        assert_eq!(["0", "-12", "007"].map(whole), [Some(1), Some(2), Some(3)]);
        assert!(["", "-", "1.0", "+1", "1-", "1E5"].map(whole).iter().all(Option::is_none));
        let decimal = |number: &str| digits(number.as_bytes(), Number::Decimal);
        assert_eq!(["0", "-1.5", ".5", "5.", "1E5", "-1.25E-10"].map(decimal), [1, 2, 1, 1, 2, 5].map(Some));
        assert!(["", ".", "-", "1.2.3", "1,5", "1E", "E5", "1E5E5", "1E.5"].map(decimal).iter().all(Option::is_none));
        let edifact = |number: &str| digits(number.as_bytes(), Number::Edifact);
        assert_eq!(["1,5", "-1.5", ",5"].map(edifact), [2, 2, 1].map(Some));
        assert!(["5.", "1,000.5", "+1", " 1", ""].map(edifact).iter().all(Option::is_none));
    }
}
