//! What a file is that is no EDI, so that whoever sent it can be told in one word.

/// The kind of thing that `bytes` begin with, in words for a message.
pub(crate) fn kind(bytes: &[u8]) -> &'static str {
    const STARTS: &[(&[u8], &str)] = &[
        (b"\x1f\x8b", "gzip"),
        (b"PK\x03\x04", "a zip archive"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"%PDF", "PDF"),
        (b"\xff\xfe", "UTF-16 text"),
        (b"\xfe\xff", "UTF-16 text"),
        (b"I\0S\0A\0", "UTF-16 text"),
        (b"\0I\0S\0A", "UTF-16 text"),
        (b"\xc9\xe2\xc1", "EBCDIC text"),
        (b"-----BEGIN PGP", "a PGP message"),
        (b"-----BEGIN ", "PEM"),
        (b"UNA", "EDIFACT that breaks off in its UNB"),
        (b"UNB", "EDIFACT that breaks off in its UNB"),
        (b"UNH", "EDIFACT without its interchange envelope"),
        (b"UIB", "interactive EDIFACT"),
    ];
    if let Some((_, kind)) = STARTS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return kind;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let head: Vec<u8> = bytes.iter().take(64).map(u8::to_ascii_lowercase).collect();
    let starts = |with: &[u8]| head.starts_with(with);
    if starts(b"<!doctype html") || starts(b"<html") {
        "HTML"
    } else if starts(b"<") {
        "XML"
    } else if starts(b"{") || starts(b"[") {
        "JSON"
    } else if starts(b"content-type:") || starts(b"mime-version:") {
        "a MIME message"
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
