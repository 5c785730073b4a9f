//! Codes: the closed list of what can be wrong, one word for all protocols, each with its page in `docs/codes/`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $title:literal;)*) => {
        /// What is wrong, as every protocol names it: `type` of a problem, text of a 997's quarantine entry, log field.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it is written, in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The code in a few words for a person.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The document does not fit its published schema.
    SchemaViolation = "schema-violation", "The document does not fit its schema";
    /// The body is no JSON.
    MalformedJson = "malformed-json", "The body is not JSON";
    /// The body or file is longer than the stated limit.
    TooLarge = "too-large", "The body is too large";
    /// A header that the operation needs is missing or malformed.
    HeaderMissing = "header-missing", "A required header is missing or malformed";
    /// The credential is missing or not known.
    Unauthenticated = "unauthenticated", "The credential is missing or not valid";
    /// The signature does not match the raw bytes.
    SignatureInvalid = "signature-invalid", "The signature does not match the body";
    /// The signature's time is outside the tolerance.
    SignatureExpired = "signature-expired", "The signature's timestamp is outside the tolerance";
    /// The partner sent more requests than it may in a minute.
    RateLimited = "rate-limited", "The partner sent more requests than agreed";
    /// The request asks for a version of the API that there is none of.
    ApiVersionUnknown = "api-version-unknown", "There is no such version of the API";
    /// The resource is there and does not take this method.
    MethodNotAllowed = "method-not-allowed", "The resource does not take this method";
    /// The partner may not use this operation.
    NotPermitted = "not-permitted", "The partner's profile does not permit this";
    /// The partner's profile is disabled.
    PartnerDisabled = "partner-disabled", "The partner is disabled for now";
    /// There is no such thing, or it is not the caller's to see.
    NotFound = "not-found", "No such resource";
    /// The same idempotency key came with another body.
    IdempotencyKeyReused = "idempotency-key-reused", "The idempotency key was used with another body";
    /// The request with this idempotency key is still running.
    RequestInProgress = "request-in-progress", "A request with this idempotency key is still running";
    /// The order release exists with other content.
    ReleaseExists = "release-exists", "This order release exists with other content";
    /// The cancel came after the warehouse started work.
    CancelWindowClosed = "cancel-window-closed", "The release can no longer be cancelled";
    /// The hold came after the release went to a warehouse, or there were too many before it.
    HoldWindowClosed = "hold-window-closed", "The release can no longer be held";
    /// The release waits for its holds to be lifted.
    ReleaseOnHold = "release-on-hold", "The release waits until its holds are lifted";
    /// A store is out; the request may be sent again.
    StoreUnavailable = "store-unavailable", "A store is not available at the moment";
    /// The topic is not one of the published ones.
    UnknownTopic = "unknown-topic", "No such webhook topic";
    /// The message names a release that the sender has none of.
    UnknownRelease = "unknown-release", "The message names no release known for its sender";
    /// The message names a line that the release has not.
    UnknownLine = "unknown-line", "The message names a line that the release does not have";
    /// The acknowledgment names a group or set that was not sent.
    UnknownControlNumber = "unknown-control-number", "The acknowledgment names a control number that was not sent";
    /// The sender does not own the transition.
    OwnershipViolation = "ownership-violation", "The sender does not own this transition";
    /// The same business key came with other content.
    ContentConflict = "content-conflict", "The same business key came with different content";
    /// No routing rule fits.
    NoRoute = "no-route", "No routing rule matches the release";
    /// The depositor order number is taken by another release at this partner.
    DepositorNumberTaken = "depositor-number-taken", "The depositor order number is in use by another release";
    /// A value cannot be written in the partner's format.
    NotRenderable = "not-renderable", "A value cannot be written in the partner's format";
    /// The file is no EDI, or its envelope is broken.
    EdiEnvelope = "edi-envelope", "The interchange or group envelope is not valid";
    /// The transaction set does not fit its guide.
    EdiSyntax = "edi-syntax", "The transaction set does not fit its guide";
    /// The transaction set is right but no step handles it.
    EdiUnsupportedSet = "edi-unsupported-set", "No step handles this transaction set";
    /// The interchange's sender is not the partner whose inbox it lies in.
    EdiWrongSender = "edi-wrong-sender", "The interchange's sender is not the partner of this inbox";
    /// A test interchange in a live inbox, or the other way round.
    EdiUsageMismatch = "edi-usage-mismatch", "The interchange's usage indicator does not fit the partner's stage";
    /// The interchange's control number came before with other content.
    EdiControlNumberTaken = "edi-control-number-taken", "The interchange's control number came before with other content";
    /// The partner's endpoint answered that the document is wrong.
    PartnerRefused = "partner-refused", "The partner's endpoint refused the document";
    /// The partner's endpoint did not answer, or not now.
    PartnerUnavailable = "partner-unavailable", "The partner's endpoint is not available";
    /// The partner's endpoint failed again and again; what is for it waits.
    PartnerOutage = "partner-outage", "The partner's endpoint is out; deliveries to it are held";
    /// What became of a call is not known, and the partner offers no way to find out.
    PartnerResultUnknown = "partner-result-unknown", "It is not known what became of the call to the partner";
    /// Something that an operator must set up is missing or refused.
    Misconfigured = "misconfigured", "A setting, permission or secret is missing";
    /// A message that no step can read, or a fault of our own.
    InternalFault = "internal-fault", "The step failed by a fault of its own";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in a document something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A JSON Pointer (RFC 6901).
    Pointer(String),
    /// A place in an EDI file.
    Edi {
        /// Segment id, such as `W12`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        segment: Option<String>,
        /// Position of the segment in its transaction set, with ST as 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        segment_position: Option<u64>,
        /// Position of the element in its segment, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        element: Option<u64>,
        /// Offset of the defect in the file, in bytes from 0.
        byte_offset: u64,
    },
}

/// One thing that is wrong with a document: the same words in every protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// In words that the sender understands.
    pub detail: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_word_in_every_place() {
        for code in Code::ALL {
            assert_eq!(code.to_string(), code.as_str());
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
