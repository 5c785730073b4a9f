//! What a secret's value in Secrets Manager says: one secret, or two during a rotation, each with the time in which it
//! holds. Either as JSON, `{"secrets": [{"secret": "…", "not_before": "…", "not_after": "…"}]}`, or as they are, parted
//! by white space: then they hold until they are replaced. The newest comes first.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use partners::SECRET_LEN_MIN;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Most secrets of one name: an old one and a new one. A third would be a rotation that nobody finished.
const SECRETS_MAX: usize = 2;

/// A value that is no secret's. What it says is nowhere in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoSecret(&'static str);

impl fmt::Display for NoSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NoSecret {}

/// The secrets of one name.
#[derive(Debug, Clone)]
pub(crate) struct SecretValue(Vec<Dated>);

#[derive(Debug, Clone)]
struct Dated {
    secret: SecretString,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    secrets: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_after: Option<Timestamp>,
}

impl SecretValue {
    /// Reads a value.
    pub(crate) fn parse(text: &str) -> Result<Self, NoSecret> {
        if !text.trim_start().starts_with('{') {
            return Self::of(text.split_whitespace().map(SecretString::from));
        }
        // The error of serde_json may quote what it read.
        let document: Document = serde_json::from_str(text)
            .map_err(|_| NoSecret("it is not {\"secrets\": [{\"secret\", \"not_before\", \"not_after\"}]}"))?;
        let dated = |entry: Entry| Dated {
            secret: SecretString::from(entry.secret),
            not_before: entry.not_before,
            not_after: entry.not_after,
        };
        Self(document.secrets.into_iter().map(dated).collect()).checked()
    }

    /// Secrets that hold until they are replaced, newest first.
    pub(crate) fn of(secrets: impl IntoIterator<Item = SecretString>) -> Result<Self, NoSecret> {
        let dated = |secret| Dated { secret, not_before: None, not_after: None };
        Self(secrets.into_iter().map(dated).collect()).checked()
    }

    fn checked(self) -> Result<Self, NoSecret> {
        if self.0.is_empty() || self.0.len() > SECRETS_MAX {
            return Err(NoSecret("it holds no secret, or more than two"));
        }
        if self.0.iter().any(|dated| dated.secret.expose_secret().len() < SECRET_LEN_MIN) {
            return Err(NoSecret("a secret is shorter than 16 bytes"));
        }
        Ok(self)
    }

    /// The value in writing.
    pub(crate) fn to_text(&self) -> Result<String, serde_json::Error> {
        let entry = |dated: &Dated| Entry {
            secret: dated.secret.expose_secret().to_owned(),
            not_before: dated.not_before,
            not_after: dated.not_after,
        };
        serde_json::to_string(&Document { secrets: self.0.iter().map(entry).collect() })
    }

    /// The secrets that hold at `now`, newest first: from `not_before` on, and until just before `not_after`.
    pub(crate) fn in_force(&self, now: Timestamp) -> Vec<SecretString> {
        let holds = |dated: &&Dated| {
            dated.not_before.is_none_or(|time| time <= now) && dated.not_after.is_none_or(|time| now < time)
        };
        self.0.iter().filter(holds).map(|dated| dated.secret.clone()).collect()
    }

    /// A new secret beside the one in force, which holds for `overlap` longer; and until when it does, if there is one.
    /// While two are in force there is no third: whoever still uses the older one would be refused.
    pub(crate) fn rotated(
        &self,
        new: SecretString,
        now: Timestamp,
        overlap: SignedDuration,
    ) -> Result<(Self, Option<Timestamp>), NoSecret> {
        let over = |dated: &Dated| dated.not_after.is_some_and(|time| time <= now);
        let mut secrets: Vec<Dated> = self.0.iter().filter(|dated| !over(dated)).cloned().collect();
        if secrets.len() >= SECRETS_MAX {
            return Err(NoSecret("a rotation is under way: two secrets are in force; wait until the older one ends"));
        }
        let end = now.checked_add(overlap).map_err(|_| NoSecret("the overlap is too long"))?;
        let mut until = None;
        for old in &mut secrets {
            let last = old.not_after.map_or(end, |time| time.min(end));
            (old.not_after, until) = (Some(last), Some(last));
        }
        secrets.insert(0, Dated { secret: new, not_before: None, not_after: None });
        Ok((Self(secrets).checked()?, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an-old-secret-of-enough-bytes";
    const NEW: &str = "a-new-secret-of-enough-bytes";
    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn in_force(value: &SecretValue, second: i64) -> Vec<String> {
        value.in_force(at(second)).iter().map(|secret| secret.expose_secret().to_owned()).collect()
    }

    #[test]
    fn a_rotation_leaves_no_moment_without_a_secret_and_none_with_three() {
        let value = SecretValue::parse(OLD).unwrap();
        let (value, until) = value.rotated(NEW.into(), at(1000), HOUR).unwrap();
        assert_eq!(until, Some(at(4600)));
        let value = SecretValue::parse(&value.to_text().unwrap()).unwrap();
        for second in [0, 999, 1000, 4599] {
            assert_eq!(in_force(&value, second), [NEW, OLD], "{second}");
        }
        assert_eq!(in_force(&value, 4600), [NEW], "the old one ends");
        let third = || SecretString::from("a-third-secret-of-enough-bytes");
        assert!(value.rotated(third(), at(4599), HOUR).unwrap_err().to_string().contains("under way"));
        let (value, _) = value.rotated(third(), at(4600), HOUR).unwrap();
        assert_eq!(in_force(&value, 4600), ["a-third-secret-of-enough-bytes", NEW]);
        assert!(value.rotated("short".into(), at(99_999), HOUR).is_err());
    }

    #[test]
    fn a_secret_holds_from_its_first_moment_until_before_its_last() {
        let text = format!(
            r#"{{"secrets":[{{"secret":"{NEW}","not_before":"1970-01-01T00:00:10Z"}},
                {{"secret":"{OLD}","not_after":"1970-01-01T00:00:20Z"}}]}}"#
        );
        let value = SecretValue::parse(&text).unwrap();
        assert_eq!(in_force(&value, 9), [OLD]);
        assert_eq!(in_force(&value, 10), [NEW, OLD]);
        assert_eq!(in_force(&value, 20), [NEW]);
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let three = format!("{OLD} {NEW} {NEW}");
        let odd = format!(r#"{{"secrets":[{{"secret":"{OLD}","valid":true}}]}}"#);
        let empty = r#"{"secrets":[{"secret":""}]}"#;
        for text in ["", " ", "{}", "{", "fifteen-bytes..", r#"{"secrets":[]}"#, empty, &three, &odd] {
            let error = SecretValue::parse(text).unwrap_err();
            assert!(!error.to_string().contains("enough-bytes"), "{error}");
        }
        assert!(SecretValue::parse("sixteen-bytes...").is_ok());
        assert!(!format!("{:?}", SecretValue::parse(OLD).unwrap()).contains(OLD));
    }
}
