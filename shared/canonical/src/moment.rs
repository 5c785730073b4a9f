//! When something happened, as exactly as its sender said it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, ToSmolStr};

/// A day, a civil time whose zone is not known, or an instant. What a sender did not say is not made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// `2026-01-31`.
    Day(Date),
    /// `2026-01-31T14:35:00`, in the place where it happened.
    Civil(DateTime),
    /// `2026-01-31T20:35:00Z`.
    Instant(Timestamp),
}

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a moment is a day, a civil time or an instant, such as 2026-01-31, 2026-01-31T14:35:00, 2026-01-31T20:35:00Z")]
pub struct MomentError;

impl Moment {
    /// The day as its sender names it; of an instant, the day in UTC.
    pub fn day(self) -> Date {
        self.civil().date()
    }

    /// The civil time; the start of a day, and of an instant the time in UTC.
    pub fn civil(self) -> DateTime {
        match self {
            Self::Day(day) => day.to_datetime(Time::midnight()),
            Self::Civil(time) => time,
            Self::Instant(at) => Offset::UTC.to_datetime(at),
        }
    }

    /// Its text, such as `2026-01-31T20:35:00Z`.
    pub fn text(self) -> SmolStr {
        let plain = self.plain();
        let plain = plain.as_ref().and_then(|(text, len)| std::str::from_utf8(text.get(..*len)?).ok());
        plain.map_or_else(|| self.to_smolstr(), SmolStr::new)
    }

    /// Its text and how long that is, of a year with four digits and of whole seconds: as all of EDI. Documents have many,
    /// and general formatting takes ten times as long.
    fn plain(self) -> Option<([u8; FORM.len()], usize)> {
        let civil = self.civil();
        let year =
            u8::try_from(civil.year() / 100).ok().filter(|_| civil.year() >= 0 && civil.subsec_nanosecond() == 0)?;
        let two = |number: i8| u8::try_from(number).unwrap_or_default();
        let parts = [
            (0, year),
            (2, u8::try_from(civil.year() % 100).unwrap_or_default()),
            (5, two(civil.month())),
            (8, two(civil.day())),
            (11, two(civil.hour())),
            (14, two(civil.minute())),
            (17, two(civil.second())),
        ];
        let mut text = *FORM;
        for (at, number) in parts {
            if let Some([tens, ones]) = text.get_mut(at..at + 2) {
                (*tens, *ones) = (b'0' + number / 10, b'0' + number % 10);
            }
        }
        Some(match self {
            Self::Day(_) => (text, 10),
            Self::Civil(_) => (text, 19),
            Self::Instant(_) => (text, 20),
        })
    }

    /// Reads the same.
    fn of_plain(text: &[u8]) -> Option<Self> {
        let in_form = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
        if !matches!(text.len(), 10 | 19 | 20) || !text.iter().zip(FORM).all(in_form) {
            return None;
        }
        let two = |at: usize| match text.get(at..at + 2) {
            Some([tens, ones]) => i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok(),
            _ => Some(0),
        };
        let day = Date::new(i16::from(two(0)?) * 100 + i16::from(two(2)?), two(5)?, two(8)?).ok()?;
        let civil = day.to_datetime(Time::new(two(11)?, two(14)?, two(17)?, 0).ok()?);
        match text.len() {
            10 => Some(Self::Day(day)),
            19 => Some(Self::Civil(civil)),
            _ => Offset::UTC.to_timestamp(civil).ok().map(Self::Instant),
        }
    }
}

/// A moment as text; a day and a civil time are the beginning of it.
const FORM: &[u8; 20] = b"0000-00-00T00:00:00Z";

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((text, len)) = self.plain() {
            return f.write_str(text.get(..len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default());
        }
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Civil(time) => time.fmt(f),
            Self::Instant(at) => at.fmt(f),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;
    fn from_str(text: &str) -> Result<Self, MomentError> {
        if let Some(moment) = Self::of_plain(text.as_bytes()) {
            return Ok(moment);
        }
        let day = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == 10).map(Self::Day);
        let instant = |text: &str| text.parse::<Timestamp>().ok().map(Self::Instant);
        let civil = |text: &str| text.parse::<DateTime>().ok().filter(|_| text.contains('T')).map(Self::Civil);
        day(text).or_else(|| instant(text)).or_else(|| civil(text)).ok_or(MomentError)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a moment as text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Written)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A day, a civil time whose zone is not known, or an instant.",
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z?)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_no_more_than_its_sender() {
        for text in ["2026-01-31", "2026-01-31T14:35:00", "2026-01-31T20:35:00Z"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        assert_eq!("2026-01-31T14:35:00-06:00".parse::<Moment>().unwrap().to_string(), "2026-01-31T20:35:00Z");
        // As the parts of the text write and read them, general formatting does too.
        let last: Timestamp = "9999-12-30T22:00:00Z".parse().unwrap();
        assert_eq!(Moment::Instant(last).to_string(), last.to_string());
        for text in ["0000-01-01", "9999-12-31", "2026-01-31T14:35:00.25", "2026-01-31T20:35:00.000000001Z"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        for text in ["", "2026-02-30", "20260131", "14:35", "2026-01-31 14:35"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_day_and_the_time_are_those_that_the_sender_named() {
        let moment = |text: &str| text.parse::<Moment>().unwrap();
        for (text, day, civil) in [
            ("2026-01-31", "2026-01-31", "2026-01-31T00:00:00"),
            ("2026-01-31T14:35:00", "2026-01-31", "2026-01-31T14:35:00"),
            ("2026-01-31T20:35:00-06:00", "2026-02-01", "2026-02-01T02:35:00"),
        ] {
            assert_eq!((moment(text).day().to_string(), moment(text).civil().to_string()), (day.into(), civil.into()));
        }
    }

    #[test]
    fn a_moment_is_the_same_text_in_json() {
        let text = "\"2026-01-31T14:35:00\"";
        let moment: Moment = serde_json::from_str(text).unwrap();
        assert_eq!(moment, Moment::Civil("2026-01-31T14:35:00".parse().unwrap()));
        assert_eq!(serde_json::to_string(&moment).unwrap(), text);
        assert!(serde_json::from_str::<Moment>("\"yesterday\"").is_err());
    }

    #[test]
    fn the_published_schema_tells_apart_what_is_read_and_what_is_not() {
        let schema = schemars::schema_for!(Moment);
        assert_eq!(schema.get("title").unwrap(), "Moment");
        assert_eq!(schema.get("type").unwrap(), "string");
        let pattern = schema.get("pattern").and_then(serde_json::Value::as_str).unwrap();
        assert!(pattern.starts_with("^[0-9]{4}-") && pattern.ends_with("Z?)?$"), "{pattern}");
    }
}
