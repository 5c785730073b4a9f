use std::path::{Path, PathBuf};

use edi::Delimiters;
use edi::write::{self, NewSegment};
use proptest::prelude::*;

use crate::samples::{envelope, file, group, order, ship_confirm, write_one};

fn rewritten(bytes: &[u8]) -> Vec<u8> {
    write::document(&edi::read(bytes), bytes)
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_sample_of_a_partner_comes_out_as_it_went_in() {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events"), &mut found);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "edi"));
    assert!(found.len() >= 2, "{found:?}");
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        // The samples have blanks to fill in; those of the ISA are of fixed lengths.
        let filled = text
            .replace("{{yymmdd}}", "260131")
            .replace("{{ccyymmdd}}", "20260131")
            .replace("{{hhmm}}", "1435")
            .replace("{{control}}", "000000007")
            .replace("{{group}}", "7");
        let document = edi::read(filled.as_bytes());
        assert!(document.interchanges.iter().all(|interchange| !interchange.is_rejected()), "{path:?}");
        assert_eq!(document.interchanges.len(), 1, "{path:?}");
        assert_eq!(String::from_utf8(rewritten(filled.as_bytes())).unwrap(), filled, "{path:?}");
    }
}

#[test]
fn what_lies_between_segments_and_interchanges_stays() {
    let one = file(&[ship_confirm("0001")]);
    let lines = one.replace('~', "~\r\n");
    let wild =
        format!("\u{feff}\n{lines}\n\n{}  {}", one.replace("000000007", "000000008"), lines.trim_end_matches("~\r\n"));
    assert_eq!(edi::read(wild.as_bytes()).interchanges.len(), 3);
    assert_eq!(String::from_utf8(rewritten(wild.as_bytes())).unwrap(), wild);
    assert_eq!(rewritten(b""), b"");
    assert_eq!(rewritten(b"<html>"), b"<html>");
}

#[test]
fn the_ends_of_records_stay_also_within_an_id() {
    let one = file(&[ship_confirm("0001"), ship_confirm("0002")]);
    for width in 60..90 {
        let records: Vec<&[u8]> = one.as_bytes().chunks(width).collect();
        let wrapped = records.join(&b"\r\n"[..]);
        assert_eq!(rewritten(&wrapped), wrapped, "{width}");
    }
}

#[test]
fn carriage_returns_before_the_line_feeds_that_terminate_stay() {
    let one = file(&[ship_confirm("0001")]).replace('~', "\n").replacen("Shop", "Shop\r", 1).replace('\n', "\r\n");
    for text in [one.replacen(">\r\n", ">\n", 1), one] {
        assert_eq!(String::from_utf8(rewritten(text.as_bytes())).unwrap(), text);
    }
}

#[test]
fn a_terminator_of_several_bytes_stays() {
    for terminator in ["é", "\u{85}", "€"] {
        let text = file(&[ship_confirm("0001")]).replace('~', terminator);
        assert_eq!(String::from_utf8(rewritten(text.as_bytes())).unwrap(), text);
    }
}

#[test]
fn a_document_is_written_from_what_was_read_and_not_from_the_file() {
    let one = file(&[ship_confirm("0001")]);
    let blank = vec![b' '; one.len()];
    assert_eq!(write::document(&edi::read(one.as_bytes()), &blank), one.as_bytes());
}

#[test]
fn repetitions_and_trailing_separators_stay() {
    let delimiters = Delimiters::new(b'*', b':', b'~', Some(b'^')).unwrap();
    let newer = write::Envelope { version: "00501".into(), ..envelope(delimiters) };
    let bytes = write::interchange(&newer, &[], &[group("OW", "940", order())]).unwrap();
    let text = String::from_utf8(bytes).unwrap().replace("W76*10~", "W76*10^^11:*:^*****~");
    assert_eq!(String::from_utf8(rewritten(text.as_bytes())).unwrap(), text);
}

proptest! {
    #[test]
    fn any_bytes_come_out_as_they_went_in(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(rewritten(&bytes), bytes);
    }

    #[test]
    fn a_damaged_file_comes_out_as_it_went_in(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 0..12),
        repeats in any::<bool>(),
    ) {
        let text = file(&[ship_confirm("0001"), ship_confirm("0002")]).repeat(2);
        let text = if repeats { text.replace("*U*00401*", "*^*00501*") } else { text };
        let mut bytes = text.into_bytes();
        for (at, kind, byte) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        prop_assert_eq!(rewritten(&bytes), bytes);
    }

    #[test]
    fn what_we_write_comes_out_as_it_went_in(
        values in prop::collection::vec(prop::collection::vec("[ -~é]{0,12}", 0..3), 1..6),
        line_feeds in any::<bool>(),
    ) {
        let mut segment = NewSegment::new("NTE");
        for components in values {
            segment = segment.composite(components.iter().map(|v| write::clean(v, Delimiters::STANDARD, 12)));
        }
        let mut bytes = write_one(Delimiters::STANDARD, &[group("OW", "940", vec![segment])]).unwrap();
        if !line_feeds {
            bytes.retain(|b| *b != b'\n');
        }
        prop_assert_eq!(rewritten(&bytes), bytes);
    }
}
