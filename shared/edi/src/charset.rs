//! Which characters the bytes of an interchange are.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// The character set of an interchange. X12 does not say which; EDIFACT says it in UNB (S001, element 0001).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8, or else ISO 8859-1: X12, the levels UNOA and UNOB, which allow ASCII alone, and the identifiers that are
    /// not of the United Nations: of the airlines (IATA, IATB) and of Korea (KECA).
    #[default]
    Guess,
    /// ISO 8859-1: UNOC.
    Latin1,
    /// ISO 8859-2: UNOD.
    Latin2,
    /// ISO 8859-5: UNOE.
    Cyrillic,
    /// ISO 8859-7: UNOF.
    Greek,
    /// ISO 8859-3: UNOG.
    Latin3,
    /// ISO 8859-4: UNOH.
    Latin4,
    /// ISO 8859-6: UNOI.
    Arabic,
    /// ISO 8859-8: UNOJ.
    Hebrew,
    /// ISO 8859-9: UNOK.
    Latin5,
    /// ISO 2022 with ISO 10646 and others: UNOX and UNOZ. Read as what it most likely is.
    Other,
    /// UTF-8: UNOY and UNOW.
    Utf8,
}

impl Charset {
    /// The character set of a syntax identifier; `None` if it is none. Source: ISO 9735-1, element 0001.
    pub(crate) fn of_syntax_identifier(identifier: &[u8]) -> Option<Self> {
        Some(match identifier {
            b"UNOA" | b"UNOB" | b"IATA" | b"IATB" | b"KECA" => Self::Guess,
            b"UNOC" => Self::Latin1,
            b"UNOD" => Self::Latin2,
            b"UNOE" => Self::Cyrillic,
            b"UNOF" => Self::Greek,
            b"UNOG" => Self::Latin3,
            b"UNOH" => Self::Latin4,
            b"UNOI" => Self::Arabic,
            b"UNOJ" => Self::Hebrew,
            b"UNOK" => Self::Latin5,
            b"UNOX" | b"UNOZ" => Self::Other,
            b"UNOW" | b"UNOY" => Self::Utf8,
            _ => return None,
        })
    }

    const ALL: [Self; 12] = [
        Self::Guess,
        Self::Latin1,
        Self::Latin2,
        Self::Cyrillic,
        Self::Greek,
        Self::Latin3,
        Self::Latin4,
        Self::Arabic,
        Self::Hebrew,
        Self::Latin5,
        Self::Other,
        Self::Utf8,
    ];

    /// A number for it, to be kept in a byte.
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    /// The character set of a [`number`](Self::number).
    pub(crate) fn numbered(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }

    /// Bytes as text. Every byte becomes something: where UTF-8 is said and is not, the replacement character.
    pub(crate) fn text(self, bytes: &[u8]) -> Cow<'_, str> {
        if bytes.is_ascii() {
            return std::str::from_utf8(bytes).map_or(Cow::Borrowed(""), Cow::Borrowed);
        }
        let encoding: &'static Encoding = match self {
            Self::Guess | Self::Other => return crate::finding::text(bytes),
            Self::Latin1 => return Cow::Owned(bytes.iter().copied().map(char::from).collect()),
            Self::Utf8 => return String::from_utf8_lossy(bytes),
            Self::Latin2 => encoding_rs::ISO_8859_2,
            Self::Cyrillic => encoding_rs::ISO_8859_5,
            Self::Greek => encoding_rs::ISO_8859_7,
            Self::Latin3 => encoding_rs::ISO_8859_3,
            Self::Latin4 => encoding_rs::ISO_8859_4,
            Self::Arabic => encoding_rs::ISO_8859_6,
            Self::Hebrew => encoding_rs::ISO_8859_8,
            // ISO 8859-9 with the printable characters of Windows in place of control characters.
            Self::Latin5 => encoding_rs::WINDOWS_1254,
        };
        encoding.decode_without_bom_handling(bytes).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_for_character_sets() {
        assert!(Charset::ALL.iter().all(|&charset| Charset::numbered(charset.number()) == charset));
    }

    #[test]
    fn a_byte_is_the_character_that_the_interchange_says() {
        let text = |identifier: &[u8], bytes: &[u8]| {
            Charset::of_syntax_identifier(identifier).unwrap().text(bytes).into_owned()
        };
        assert_eq!(text(b"UNOC", "é".as_bytes()), "Ã©");
        assert_eq!(text(b"UNOY", "é".as_bytes()), "é");
        assert_eq!(text(b"UNOA", "é".as_bytes()), "é");
        assert_eq!(text(b"UNOA", b"\xe9"), "é");
        assert_eq!(text(b"UNOD", b"\xb1"), "ą");
        assert_eq!(text(b"UNOE", b"\xb6"), "Ж");
        assert_eq!(text(b"UNOF", b"\xd9"), "Ω");
        assert_eq!(text(b"UNOK", b"\xfe"), "ş");
        assert_eq!(text(b"UNOY", b"a\xe9"), "a\u{fffd}");
        assert_eq!(Charset::of_syntax_identifier(b"UNOQ"), None);
    }
}
