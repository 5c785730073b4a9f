//! Identifiers. Each business object has its own type; each is derived from what the object is, never drawn at random.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Longest identifier taken from outside, in characters: it must fit a key, a header and a file name together.
const ID_LEN_MAX: usize = 64;

/// Namespace of every derived id. Changing it changes every id, so it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f2d_3b0a_58c4_4e1e_9a77_0c5c_d0c5_0001);

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 1 to {ID_LEN_MAX} characters of A-Z a-z 0-9 . _ -; this has not: {0:?}")]
pub struct IdError(String);

fn checked(text: String) -> Result<String, IdError> {
    let fits = !text.is_empty()
        && text.len() <= ID_LEN_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if fits { Ok(text) } else { Err(IdError(text.chars().take(ID_LEN_MAX).collect())) }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(extend("pattern" = "^[A-Za-z0-9._-]{1,64}$"))]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                checked(text.to_owned()).map(Self)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                checked(text).map(Self)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Derives an id text from the parts that make the thing what it is. The parts are length-prefixed, so that
/// `("a", "bc")` and `("ab", "c")` differ.
fn derived(prefix: &str, parts: &[&str]) -> String {
    let mut name = String::from(prefix);
    for part in parts {
        name.push_str(&part.len().to_string());
        name.push(':');
        name.push_str(part);
    }
    format!("{prefix}{}", Uuid::new_v5(&NAMESPACE, name.as_bytes()).simple())
}

text_id! {
    /// The distributor on whose behalf everything happens; no data crosses between tenants.
    Tenant
}
text_id! {
    /// A trading partner: an ERP, a warehouse or 3PL, a carrier, a TMS, a sales channel.
    PartnerId
}
text_id! {
    /// One release of one sales order: `rel_` and 32 hexadecimal digits.
    ReleaseId
}
text_id! {
    /// One shipment as its sender numbers it: `shp_` and 32 hexadecimal digits.
    ShipmentId
}
text_id! {
    /// One message received: `msg_` and 32 hexadecimal digits. The same message sent twice has the same id.
    MessageId
}
text_id! {
    /// One canonical event: `evt_` and 32 hexadecimal digits. The same fact has the same id however often it is told.
    EventId
}
text_id! {
    /// One outbound message to one partner.
    DeliveryId
}
text_id! {
    /// One hold of one release: `hld_` and 32 hexadecimal digits.
    HoldId
}

impl PartnerId {
    /// Crossdock itself, where it acts by the clock and nobody's message. No partner may have this id.
    pub fn platform() -> Self {
        Self("platform".to_owned())
    }
}

impl ReleaseId {
    /// The release that `erp` calls `order_no`/`release_no`.
    pub fn derive(tenant: &Tenant, erp: &PartnerId, order_no: &str, release_no: u32) -> Self {
        Self(derived("rel_", &[tenant.as_str(), erp.as_str(), order_no, &release_no.to_string()]))
    }
}

impl ShipmentId {
    /// The shipment that `partner` calls `shipment_no`.
    pub fn derive(tenant: &Tenant, partner: &PartnerId, shipment_no: &str) -> Self {
        Self(derived("shp_", &[tenant.as_str(), partner.as_str(), shipment_no]))
    }
}

impl MessageId {
    /// The message that `partner` sent under `own_id` (a webhook id, or file digest and byte range).
    pub fn derive(tenant: &Tenant, partner: &PartnerId, own_id: &str) -> Self {
        Self(derived("msg_", &[tenant.as_str(), partner.as_str(), own_id]))
    }
}

impl EventId {
    /// The event of type `kind` with the dedup key `dedup_key`.
    pub fn derive(tenant: &Tenant, kind: &str, dedup_key: &str) -> Self {
        Self(derived("evt_", &[tenant.as_str(), kind, dedup_key]))
    }
}

impl DeliveryId {
    /// The delivery of `subject` (a document or event id) to `partner`.
    pub fn derive(tenant: &Tenant, partner: &PartnerId, subject: &str) -> Self {
        Self(derived("dlv_", &[tenant.as_str(), partner.as_str(), subject]))
    }
}

impl HoldId {
    /// The hold that was placed on `release` by `cause`: a partner with its idempotency key, a reason in the request, or a
    /// rule of the house.
    pub fn derive(release: &ReleaseId, cause: &[&str]) -> Self {
        let parts: Vec<&str> = std::iter::once(release.as_str()).chain(cause.iter().copied()).collect();
        Self(derived("hld_", &parts))
    }
}

/// SHA-256 of some bytes, 64 hexadecimal digits: the address of a document in the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("pattern" = "^[0-9a-f]{64}$"))]
pub struct Digest(String);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// The 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(IdError(text.chars().take(ID_LEN_MAX).collect()))
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    let digits: Vec<u8> = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    // Digits are text.
    String::from_utf8(digits).unwrap_or_default()
}

/// Where the raw bytes of a message lie: the archived document and the bytes of it that are the message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ArchiveRef {
    /// The document.
    pub sha256: Digest,
    /// First byte of the message in the document, counted from 0.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
}

impl ArchiveRef {
    /// A whole document.
    pub fn whole(bytes: &[u8]) -> Self {
        Self { sha256: Digest::of(bytes), offset: 0, len: bytes.len() as u64 }
    }
}

/// The first 96 bits of a SHA-256, 24 hexadecimal digits: what an object remembers of a message it absorbed. 96 bits
/// keep the chance of a collision under 10⁻¹⁸ for a million messages of one object, at a third of a full digest's size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShortHash(String);

impl fmt::Display for ShortHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The short hash of `text`.
pub fn short_hash(text: &str) -> ShortHash {
    let mut digest = Digest::of(text.as_bytes()).0;
    digest.truncate(24);
    ShortHash(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_64_characters_and_refuse_one_more() {
        assert!("a".repeat(ID_LEN_MAX).parse::<PartnerId>().is_ok());
        assert!("a".repeat(ID_LEN_MAX + 1).parse::<PartnerId>().is_err());
    }

    #[test]
    fn ids_refuse_what_could_leave_a_key_a_path_or_a_header() {
        for text in ["", "a/b", "a#b", "..%2f", "a\nb", "ü", "a b", "a\u{202e}b"] {
            assert!(text.parse::<PartnerId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn derived_ids_tell_apart_parts_that_join_to_the_same_text() {
        let tenant: Tenant = "t".parse().unwrap();
        let (a, b): (PartnerId, PartnerId) = ("a".parse().unwrap(), "a1".parse().unwrap());
        assert_ne!(ReleaseId::derive(&tenant, &a, "12", 3), ReleaseId::derive(&tenant, &b, "2", 3));
        assert_eq!(ReleaseId::derive(&tenant, &a, "12", 3), ReleaseId::derive(&tenant, &a, "12", 3));
    }

    #[test]
    fn a_digest_is_the_published_sha_256() {
        assert_eq!(Digest::of(b"abc").as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn an_address_in_the_archive_is_64_lower_case_hexadecimal_digits_wherever_it_is_written() {
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), digest.as_str());
        assert_eq!(String::from(digest.clone()), digest.as_str());
        assert_eq!(Digest::try_from(digest.to_string()), Ok(digest.clone()));
        let text = digest.as_str();
        for wrong in ["", &text[1..], &format!("{text}0"), &text.to_uppercase(), &text.replace('b', "g")] {
            assert!(Digest::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_short_hash_is_the_first_24_digits_of_the_digest() {
        assert_eq!(short_hash("abc").to_string(), "ba7816bf8f01cfea414140de");
    }
}
