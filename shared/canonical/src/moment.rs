//! When something happened, as exactly as its sender said it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A day, a civil time whose zone is not known, or an instant. What a sender did not say is not made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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
            Self::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
            Self::Civil(time) => time,
            Self::Instant(at) => jiff::tz::Offset::UTC.to_datetime(at),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let day = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == 10).map(Self::Day);
        let instant = |text: &str| text.parse::<Timestamp>().ok().map(Self::Instant);
        let civil = |text: &str| text.parse::<DateTime>().ok().filter(|_| text.contains('T')).map(Self::Civil);
        day(text).or_else(|| instant(text)).or_else(|| civil(text)).ok_or(MomentError)
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;
    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
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
