//! What a partner may send, and for whom. Checked where its messages enter: `order-release`, `webhook-ingest`, `edi-drop`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest document type with its version, in characters: the longest topic has 17, and an EDIFACT version 7.
const LEN_MAX: usize = 40;

/// What a partner may send, and for whom. What is not given is not limited: its role alone says what it may.
///
/// What we send to it is not named here: `releases.format` and `subscriptions` say that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permits {
    /// The documents that it may send: `order-release`, `order-cancel`, `order-hold`, a webhook topic such as
    /// `ship-confirm`, or a transaction set, with its version if only one is agreed, such as `945:004010`. Any that its role may if not given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sends: BTreeSet<DocumentType>,
    /// The warehouses that it releases orders to; each of its releases must then ask for one of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub warehouses: BTreeSet<String>,
    /// The accounts that it releases orders for; each of its releases must then name one of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<String>,
}

impl Permits {
    /// Whether it may send a document of this type, in some version.
    pub fn may_send(&self, document: &str) -> bool {
        self.sends.is_empty() || self.sends.iter().any(|permit| permit.name == document)
    }

    /// The versions of a transaction set that are agreed; none if any is.
    pub fn versions(&self, set: &str) -> Vec<&str> {
        let of_set = || self.sends.iter().filter(|permit| permit.name == set);
        if of_set().any(|permit| permit.version.is_none()) {
            return Vec::new();
        }
        of_set().filter_map(|permit| permit.version.as_deref()).collect()
    }
}

/// A document type, with its version if one is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9-]+(:[A-Za-z0-9.]+)?$"))]
pub struct DocumentType {
    /// Such as `945`, `DESADV`, `ship-confirm` or `order-release`.
    pub name: String,
    /// Such as `004010` or `D.96A`.
    pub version: Option<String>,
}

/// Why a text is no document type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a document type is a name such as 945 or ship-confirm, or a name and a version such as 945:004010: {0:?}")]
pub struct DocumentTypeError(String);

impl TryFrom<String> for DocumentType {
    type Error = DocumentTypeError;
    fn try_from(text: String) -> Result<Self, DocumentTypeError> {
        let (name, version) =
            text.split_once(':').map_or((text.as_str(), None), |(name, version)| (name, Some(version)));
        let plain = |text: &str, more: u8| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == more)
        };
        if text.len() <= LEN_MAX && plain(name, b'-') && version.is_none_or(|version| plain(version, b'.')) {
            Ok(Self { name: name.to_owned(), version: version.map(str::to_owned) })
        } else {
            Err(DocumentTypeError(text.chars().take(LEN_MAX).collect()))
        }
    }
}

impl From<DocumentType> for String {
    fn from(document: DocumentType) -> Self {
        document.to_string()
    }
}

impl std::fmt::Display for DocumentType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, ":{version}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(sends: &[&str]) -> Permits {
        let sends = sends.iter().map(|text| (*text).to_owned().try_into().unwrap()).collect();
        Permits { sends, ..Permits::default() }
    }

    #[test]
    fn what_is_not_limited_may_be_sent_and_else_what_is_named() {
        assert!(Permits::default().may_send("945") && Permits::default().versions("945").is_empty());
        let some = permits(&["945:004010", "945:005010", "ship-confirm"]);
        assert!(some.may_send("945") && some.may_send("ship-confirm") && !some.may_send("release-waved"));
        assert_eq!(some.versions("945"), ["004010", "005010"]);
        assert!(permits(&["945", "945:004010"]).versions("945").is_empty(), "any version");
    }

    #[test]
    fn a_document_type_is_a_name_and_perhaps_a_version() {
        for text in ["945", "945:004010", "DESADV:D.96A", "order-release", &"9".repeat(LEN_MAX)] {
            assert_eq!(DocumentType::try_from(text.to_owned()).unwrap().to_string(), text);
        }
        for text in ["", ":", "945:", ":004010", "9 45", "945:0040-10", "945:1:2", &"9".repeat(LEN_MAX + 1)] {
            assert!(DocumentType::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
