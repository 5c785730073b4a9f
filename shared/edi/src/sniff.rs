//! What a file is that is no EDI, so that whoever sent it can be told in one word.

/// First bytes of files that hold others: what is in them must be taken out first.
const CONTAINERS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"%PDF", "PDF"),
    (b"-----BEGIN PGP", "a PGP message"),
    (b"-----BEGIN ", "PEM"),
];

/// Fields that a mail or a part of one begins with, in lower case. Source: RFC 5322 and RFC 2045.
const MAIL_FIELDS: &[&[u8]] = &[
    b"content-",
    b"mime-version:",
    b"from:",
    b"to:",
    b"subject:",
    b"date:",
    b"received:",
    b"return-path:",
    b"delivered-to:",
    b"message-id:",
    b"dkim-signature:",
    b"x-",
];

/// Whether a file that begins so holds others. An interchange within it is not to be taken as it stands: characters may
/// be written otherwise (`&gt;`, `\\n`, `=3D`), or it is cut into pieces.
pub(crate) fn is_container(bytes: &[u8]) -> bool {
    // Nothing of the lists begins as an interchange does.
    if let [b'I' | b'U', ..] = bytes {
        return false;
    }
    CONTAINERS.iter().any(|(start, _)| bytes.starts_with(start)) || markup(bytes).is_some()
}

/// HTML, XML, JSON or mail.
fn markup(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let head: Vec<u8> = bytes.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let starts = |with: &[u8]| head.starts_with(with);
    let mut words = head.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    let (first, second) = (words.next(), words.next());
    if starts(b"<!doctype html") || starts(b"<html") {
        Some("HTML")
    } else if first == Some(b'<')
        && second.is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'?' | b'!'))
    {
        Some("XML")
    } else if matches!((first, second), (Some(b'{' | b'['), Some(b'"' | b'{' | b'[' | b'}' | b']'))) {
        Some("JSON")
    } else if MAIL_FIELDS.iter().any(|field| starts(field) && head.contains(&b':')) {
        Some("a MIME message")
    } else {
        None
    }
}

/// The kind of thing that `bytes` begin with, in words for a message.
pub(crate) fn kind(bytes: &[u8]) -> &'static str {
    const STARTS: &[(&[u8], &str)] = &[
        (b"\xff\xfe", "UTF-16 text"),
        (b"\xfe\xff", "UTF-16 text"),
        (b"I\0S\0A\0", "UTF-16 text"),
        (b"\0I\0S\0A", "UTF-16 text"),
        (b"U\0N\0", "UTF-16 text"),
        (b"\0U\0N", "UTF-16 text"),
        (b"\xc9\xe2\xc1", "EBCDIC text"),
        (b"\xe4\xd5\xc1", "EBCDIC text"),
        (b"\xe4\xd5\xc2", "EBCDIC text"),
        (b"UNA", "EDIFACT that breaks off in its UNB"),
        (b"UNB", "EDIFACT that breaks off in its UNB"),
        (b"UNH", "EDIFACT without its interchange envelope"),
        (b"UIB", "interactive EDIFACT"),
    ];
    if let Some((_, kind)) = CONTAINERS.iter().chain(STARTS).find(|(start, _)| bytes.starts_with(start)) {
        return kind;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let head: Vec<u8> = bytes.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let starts = |with: &[u8]| head.starts_with(with);
    if let Some(kind) = markup(bytes) {
        kind
    } else if starts(b"una") || starts(b"unb") {
        "EDIFACT in lower case"
    } else if let Some(byte) = head.strip_prefix(b"isa").and_then(<[u8]>::first).filter(|b| !b.is_ascii_alphanumeric())
    {
        if !bytes.starts_with(b"ISA") {
            "X12 in lower case"
        } else if byte.is_ascii() {
            "an ISA that breaks off"
        } else {
            "an ISA in an unknown character set"
        }
    } else if (starts(b"gs") || starts(b"st")) && head.get(2).is_some_and(u8::is_ascii_punctuation) {
        "X12 without its interchange envelope"
    } else if head.iter().any(|b| *b < 0x20 && !b.is_ascii_whitespace()) {
        "binary data"
    } else {
        "other text"
    }
}
