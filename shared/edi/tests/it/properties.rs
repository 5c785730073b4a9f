use edi::ack::{self, AckPolicy, Functional, InterchangeAckOutcome, Owed, When};
use edi::guide::Guides;
use edi::verdict::Verdict;
use edi::{Delimiters, Document, verdict, write};
use proptest::prelude::*;

use crate::samples::{envelope, file, group, ship_confirm, write_one};

/// Interchanges and filler lie side by side and cover the file; what is within lies within, in order.
fn assert_lossless(bytes: &[u8], document: &Document<'_>) {
    let mut ranges: Vec<_> =
        document.interchanges.iter().map(|i| i.range.clone()).chain(document.filler.clone()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let rebuilt: Vec<u8> = ranges.iter().flat_map(|range| bytes[range.clone()].to_vec()).collect();
    assert_eq!(rebuilt, bytes);
    for interchange in &document.interchanges {
        let mut end = interchange.header.range().end;
        for group in &interchange.groups {
            assert!(end <= group.range.start && group.range.end <= interchange.range.end);
            end = group.header.map_or(group.range.start, |gs| gs.range().end);
            for set in &group.sets {
                assert!(end <= set.range.start && set.range.end <= group.range.end);
                end = set.range.start;
                for (index, segment) in set.segments.iter().enumerate() {
                    assert_eq!(segment.position(), index + 1);
                    assert!(end <= segment.range().start && segment.range().end <= set.range.end);
                    assert!(bytes[segment.range()].starts_with(segment.bytes()));
                    // Between segments stands nothing but what may be skipped.
                    assert!(
                        index == 0 || bytes[end..segment.range().start].iter().all(|b| b"\r\n \t\0\x1a".contains(b))
                    );
                    let elements: Vec<&[u8]> = segment.elements_raw().collect();
                    let separator = [segment.delimiters().element()];
                    let id = segment.bytes().split(|b| *b == separator[0]).next().unwrap();
                    let whole = [vec![id], elements].concat().join(&separator[..]);
                    assert_eq!(whole, segment.bytes());
                    end = segment.range().end;
                }
            }
            end = group.range.end;
        }
    }
}

fn no_panic_and_lossless(bytes: &[u8]) {
    let document = edi::read(bytes);
    assert_lossless(bytes, &document);
    for interchange in &document.interchanges {
        let verdict = verdict::interchange(interchange, Guides::built_in());
        for group in &verdict.groups {
            for finding in group.sets.iter().flat_map(|set| &set.findings).chain(&group.findings) {
                assert!(finding.place.byte_offset + finding.place.byte_len <= bytes.len());
            }
        }
        let of =
            |functional| ack::owed(&verdict, AckPolicy { functional, interchange: When::Always }, Delimiters::STANDARD);
        for owed in of(Functional::X997).into_iter().chain(of(Functional::X999)) {
            let group = match owed {
                Owed::Ta1(ta1) => {
                    let bytes = write::interchange(&envelope(Delimiters::STANDARD), &[ta1], &[]).unwrap();
                    let document = edi::read(&bytes);
                    assert!(document.interchanges[0].findings.is_empty());
                    let said = ack::read_interchange_ack(&document.interchanges[0].ta1s[0]).unwrap();
                    assert_eq!(said.outcome == InterchangeAckOutcome::Rejected, verdict.verdict == Verdict::Rejected);
                    continue;
                }
                Owed::Functional { set, version, .. } => {
                    write::NewGroup { sets: vec![set], version, ..group("FA", "997", Vec::new()) }
                }
                Owed::Contrl(_) => panic!("a CONTRL for an X12 interchange"),
            };
            let written = write_one(Delimiters::STANDARD, &[group]).unwrap();
            let document = edi::read(&written);
            // What we say is never rejected by what we demand of others.
            let of_it = verdict::interchange(&document.interchanges[0], Guides::built_in());
            let rejecting: Vec<_> =
                of_it.groups.iter().flat_map(|group| &group.sets).flat_map(|set| &set.findings).collect();
            assert!(
                rejecting.iter().all(|finding| !finding.rejects()),
                "{}: {rejecting:?}",
                String::from_utf8_lossy(&written)
            );
            assert_eq!(of_it.groups[0].sets_accepted(), 1);
            assert_eq!(ack::read_all(&document.interchanges[0]).0.len(), 1);
        }
        for group in &interchange.groups {
            for set in &group.sets {
                let _ = edi::ack::read(set);
                let _ = verdict::group(group, Guides::built_in());
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_loss(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        no_panic_and_lossless(&bytes);
    }

    #[test]
    fn a_damaged_file_is_read_without_loss(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, any::<u8>()), 0..12),
        delimiters in prop::sample::select(vec!["*>~", "|:\n", "\x1d\x1f\x1c", "\t^\r"]),
    ) {
        let text = file(&[ship_confirm("0001"), ship_confirm("0002")]);
        let text: String = text.chars().map(|c| match c {
            '*' => delimiters.chars().next().unwrap(),
            '>' => delimiters.chars().nth(1).unwrap(),
            '~' => delimiters.chars().nth(2).unwrap(),
            other => other,
        }).collect();
        let mut bytes = [text.as_bytes(), text.as_bytes()].concat();
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
        no_panic_and_lossless(&bytes);
    }

    #[test]
    fn what_cleaned_values_say_comes_back(values in prop::collection::vec(any::<String>(), 1..8)) {
        let cleaned: Vec<String> = values.iter().map(|v| edi::write::clean(v, Delimiters::STANDARD, 80)).collect();
        let segments = vec![edi::write::NewSegment::new("NTE").elements(cleaned.clone())];
        let bytes = write_one(Delimiters::STANDARD, &[group("OW", "940", segments)]).unwrap();
        let document = edi::read(&bytes);
        let set = &document.interchanges[0].groups[0].sets[0];
        prop_assert_eq!(set.segments.len(), 3);
        prop_assert!(set.findings.is_empty());
        for (n, value) in cleaned.iter().enumerate() {
            let read = set.body()[0].element(n + 1).map_or_else(String::new, std::borrow::Cow::into_owned);
            prop_assert_eq!(&read, value);
        }
    }

    #[test]
    fn what_is_written_is_never_more_than_what_was_given(value in any::<String>()) {
        let segments = vec![edi::write::NewSegment::new("NTE").elements(["GEN", value.as_str()])];
        if let Ok(bytes) = write_one(Delimiters::STANDARD, &[group("OW", "940", segments)]) {
            let document = edi::read(&bytes);
            prop_assert_eq!(document.interchanges[0].groups[0].sets[0].segments.len(), 3);
        }
    }
}
