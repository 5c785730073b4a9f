//! Quantities of goods: exact decimals, written as text, never floating point.

use std::fmt;
use std::ops::Add;
use std::str::FromStr;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most digits before the point: X12 element 380 (quantity) holds 15, and no order line comes near.
const WHOLE_DIGITS_MAX: u32 = 12;
/// Most digits after the point: fractions of a kilogram or metre need three, six leaves room.
const FRACTION_DIGITS_MAX: u32 = 6;

/// A quantity of goods in its line's unit of measure: 0 or more, at most 12 digits before and 6 after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(Decimal);

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A decimal as text, such as \"60\" or \"2.5\"; a whole number is taken too.",
            "type": ["string", "integer"],
            "pattern": "^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,6})?$",
            "minimum": 0,
            "maximum": 999_999_999_999_i64,
        })
    }
}

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a decimal of 0 or more with at most 12 digits before and 6 after the point; this is not: {0:?}")]
pub struct QuantityError(String);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The exact value.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// What is left of `self` when `other` is taken away; nothing if `other` is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        if other >= self { Self::ZERO } else { Self(self.0 - other.0) }
    }

    /// Whether this is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl Add for Quantity {
    type Output = Self;
    /// Sums of bounded quantities stay far inside a decimal's 28 digits.
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl TryFrom<Decimal> for Quantity {
    type Error = QuantityError;
    fn try_from(value: Decimal) -> Result<Self, QuantityError> {
        let (limit, normal) = (Decimal::from(10_i64.pow(WHOLE_DIGITS_MAX)), value.normalize());
        let is_one = !value.is_sign_negative() && value < limit && normal.scale() <= FRACTION_DIGITS_MAX;
        if is_one { Ok(Self(normal)) } else { Err(QuantityError(value.to_string())) }
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let is_digit = |byte: u8| byte.is_ascii_digit();
        if !text.is_empty() && text.len() <= WHOLE_DIGITS_MAX as usize && text.bytes().all(is_digit) {
            let value = text.bytes().fold(0, |value, byte| value * 10 + u64::from(byte - b'0'));
            return Ok(Self(Decimal::from(value)));
        }
        let refused = || QuantityError(text.chars().take(32).collect());
        let plain = !text.is_empty() && text.bytes().all(|byte| is_digit(byte) || byte == b'.');
        let value: Decimal = if plain { text.parse().map_err(|_| refused())? } else { return Err(refused()) };
        Self::try_from(value).map_err(|_| refused())
    }
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.to_string()
    }
}

impl From<u32> for Quantity {
    fn from(value: u32) -> Self {
        Self(Decimal::from(value))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal as text, or a whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Quantity, E> {
                Decimal::from(value).try_into().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Quantity, E> {
                Decimal::from(value).try_into().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact_and_bounded() {
        assert_eq!("2.50".parse::<Quantity>().unwrap().to_string(), "2.5");
        assert_eq!(serde_json::from_str::<Quantity>("60").unwrap(), Quantity::from(60));
        assert!("999999999999".parse::<Quantity>().is_ok());
        for text in ["1000000000000", "0.0000001", "-1", "+1", "1e3", "", "NaN", "1,5"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Quantity>("1.5").is_err(), "a JSON float has lost its digits already");
    }

    #[test]
    fn taking_more_than_there_is_leaves_nothing() {
        assert_eq!(Quantity::from(5).less(Quantity::from(7)), Quantity::ZERO);
    }

    #[test]
    fn quantities_are_counted_exactly() {
        let (a, b): (Quantity, Quantity) = ("7.25".parse().unwrap(), "2.5".parse().unwrap());
        assert_eq!((a + b).to_string(), "9.75");
        assert_eq!(a.less(b).to_string(), "4.75");
        assert_eq!(a.less(a), Quantity::ZERO);
        assert_eq!([a, b, b].into_iter().sum::<Quantity>().to_string(), "12.25");
        assert_eq!(a.value(), Decimal::new(725, 2));
        assert!(Quantity::from(0).is_zero() && !Quantity::from(1).is_zero());
    }

    #[test]
    fn a_quantity_keeps_six_digits_after_the_point_and_is_written_as_text() {
        let quantity: Quantity = serde_json::from_str("\"0.000001\"").unwrap();
        assert_eq!(serde_json::to_string(&quantity).unwrap(), "\"0.000001\"");
        assert_eq!("1.0000000".parse(), Ok(Quantity::from(1)), "noughts at the end say nothing");
    }

    #[test]
    fn the_published_schema_has_the_same_limits() {
        let schema = schemars::schema_for!(Quantity);
        assert_eq!(schema.get("title").unwrap(), "Quantity");
        assert_eq!(schema.get("maximum").unwrap(), 10_i64.pow(WHOLE_DIGITS_MAX) - 1);
        assert_eq!(schema.get("type").unwrap(), &serde_json::json!(["string", "integer"]));
    }
}
