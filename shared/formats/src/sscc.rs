//! Serial shipping container codes. Source: GS1 General Specifications, SSCC (AI 00) and check digit calculation.

/// The 18 digits of an SSCC that may carry its application identifier `00` or `(00)` in front; `None` if it is none.
pub(crate) fn digits(text: &str) -> Option<&str> {
    let digits = match text.len() {
        22 => text.strip_prefix("(00)")?,
        20 => text.strip_prefix("00")?,
        _ => text,
    };
    (digits.len() == 18 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Whether the last of some digits is the check digit of the others.
pub(crate) fn is_checked(digits: &str) -> bool {
    // From the right, the check digit itself first: weights 1, 3, 1, 3, …
    let mut sum = 0;
    for pair in digits.as_bytes().rchunks(2) {
        sum += match pair {
            [three, one] => u32::from(three.wrapping_sub(b'0')) * 3 + u32::from(one.wrapping_sub(b'0')),
            [one] => u32::from(one.wrapping_sub(b'0')),
            _ => 0,
        };
    }
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sscc_has_18_digits_with_or_without_its_identifier() {
        let sscc = "106141412345678908";
        assert!(is_checked(sscc), "the example of the GS1 General Specifications");
        assert!(!is_checked("106141412345678907"));
        for text in ["106141412345678908", "00106141412345678908", "(00)106141412345678908"] {
            assert_eq!(digits(text), Some(sscc));
        }
        for text in ["", "10614141234567890", "1061414123456789088", "01106141412345678908", "10614141234567890X"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
