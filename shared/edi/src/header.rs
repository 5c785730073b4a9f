//! How an interchange begins, and what that says about the rest of it: ISA, or UNA and UNB.

use crate::charset::Charset;
use crate::delimiters::{Delimiters, ISA_LEN, Standard, may_separate};
use crate::finding::SyntaxCode;
use crate::limits::{HEADER_LEN_MAX, ISA_LEN_MAX, RECORD_LEN_MAX};
use crate::scan;
use crate::segment::{Segment, Syntax};

/// Where the element separator stands in a well-formed ISA.
const ISA_SEPARATORS: [usize; 16] = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];

/// The id and the elements of an ISA that is well-formed: of its length, with separators in their places and nowhere else.
pub(crate) fn isa_fields<'a>(isa: &Segment<'a>) -> Option<[&'a [u8]; ISA_SEPARATORS.len() + 1]> {
    let bytes: &[u8; ISA_LEN - 1] = isa.bytes().try_into().ok()?;
    let element = isa.delimiters().element();
    let in_place = ISA_SEPARATORS.iter().all(|&at| bytes.get(at) == Some(&element));
    let separators: u8 = bytes.iter().map(|byte| u8::from(*byte == element)).sum();
    if !in_place || usize::from(separators) != ISA_SEPARATORS.len() {
        return None;
    }
    let mut fields = [[].as_slice(); ISA_SEPARATORS.len() + 1];
    let mut start = 0;
    for (field, end) in fields.iter_mut().zip(ISA_SEPARATORS.into_iter().chain([ISA_LEN - 1])) {
        *field = bytes.get(start..end)?;
        start = end + 1;
    }
    Some(fields)
}

/// Longest character in UTF-8, bytes.
pub(crate) const CHARACTER_LEN_MAX: usize = 4;

/// Length of a service string advice with its terminator, bytes. Source: ISO 9735-1.
const UNA_LEN: usize = 9;

/// The beginning of an interchange.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) standard: Standard,
    pub(crate) syntax: Syntax,
    /// Bytes before the ISA or UNB: the UNA and what follows it.
    pub(crate) lead: usize,
    /// Bytes of the ISA or UNB without its terminator.
    pub(crate) len: usize,
    /// What is wrong with it; the interchange is read all the same where that is possible.
    pub(crate) defects: Vec<SyntaxCode>,
    /// Whether the delimiters allow reading on.
    pub(crate) readable: bool,
}

/// What stands at the start of some bytes.
#[derive(Debug)]
pub(crate) enum Look {
    /// The beginning of an interchange.
    Found(Header),
    /// Something else.
    Nothing,
    /// That can only be said when more bytes are there.
    More,
}

/// Bytes that mean nothing between segments, as long as they do not separate.
pub(crate) fn is_filler(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0 | 0x1a)
}

/// Whether an interchange begins here. `last` says that the file ends with these bytes. Never more than
/// [`HEADER_LEN_MAX`] bytes are looked at.
pub(crate) fn look(bytes: &[u8], last: bool) -> Look {
    let starts = |with: &[u8]| bytes.iter().zip(with).all(|(one, other)| one == other);
    if !(starts(b"ISA") || starts(b"UNA") || starts(b"UNB")) {
        return Look::Nothing;
    }
    let head = match bytes.get(..HEADER_LEN_MAX) {
        Some(head) => head,
        None if last => bytes,
        None => return Look::More,
    };
    let header = if head.starts_with(b"ISA") { isa(head) } else { una_unb(head) };
    header.map_or(Look::Nothing, Look::Found)
}

/// Where the next interchange begins, or how many bytes certainly are of none.
pub(crate) enum Next {
    /// At this byte.
    At(usize),
    /// Nowhere before this byte; beyond it, more bytes are needed.
    NotBefore(usize),
}

/// The next beginning of an interchange within the first `len` bytes. `before` is the byte before these: a letter or
/// digit makes a name of what follows.
pub(crate) fn find(bytes: &[u8], len: usize, before: Option<u8>, last: bool) -> Next {
    let within = bytes.get(..len).unwrap_or(bytes);
    for at in memchr::memchr2_iter(b'I', b'U', within) {
        let previous = if at == 0 { before } else { bytes.get(at - 1).copied() };
        if previous.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        match look(bytes.get(at..).unwrap_or_default(), last) {
            Look::Found(_) => return Next::At(at),
            Look::More => return Next::NotBefore(at),
            Look::Nothing => {}
        }
    }
    Next::NotBefore(within.len())
}

/// Where an interchange begins within a segment whose terminator was lost: after a line end, or anywhere if its form
/// leaves no doubt.
pub(crate) fn find_within(bytes: &[u8], len: usize, last: bool) -> Next {
    let within = bytes.get(..len).unwrap_or(bytes);
    for at in memchr::memchr2_iter(b'I', b'U', within).filter(|&at| at > 0) {
        let rest = bytes.get(at..).unwrap_or_default();
        let new_line = bytes.get(at - 1).is_some_and(|byte| matches!(byte, b'\r' | b'\n'));
        match look(rest, last) {
            Look::Found(header) if new_line || (header.defects.is_empty() && !rest.starts_with(b"UNB")) => {
                return Next::At(at);
            }
            Look::Found(_) | Look::Nothing => {}
            Look::More => return Next::NotBefore(at),
        }
    }
    Next::NotBefore(within.len())
}

fn isa(head: &[u8]) -> Option<Header> {
    let &element = head.get(3)?;
    if !may_separate(element) {
        return None;
    }
    let is_padded = |isa: &[u8]| isa.len() >= ISA_LEN && ISA_SEPARATORS.iter().all(|&at| isa.get(at) == Some(&element));
    let mut padded = is_padded(head);
    let (mut len, mut defects) = (ISA_LEN - 1, Vec::new());
    // In records shorter than itself an ISA has line ends within, which are not of it.
    let joined: Vec<u8>;
    let mut isa = head;
    let mut wrapped = false;
    if !padded && !matches!(element, b'\r' | b'\n') {
        let kept = || head.iter().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
        if let Some((raw_len, _)) = kept().nth(ISA_LEN - 1) {
            let whole: Vec<u8> = kept().map(|(_, byte)| *byte).take(ISA_LEN).collect();
            if is_padded(&whole) {
                joined = whole;
                isa = &joined;
                len = raw_len;
                padded = true;
                wrapped = true;
            }
        }
    }
    let mut end = ISA_LEN - 1;
    if !padded {
        let (last, _) = head.iter().enumerate().take(ISA_LEN_MAX).filter(|&(_, &byte)| byte == element).nth(15)?;
        len = last + 2;
        end = len;
        defects.push(SyntaxCode::IsaMalformed);
    }
    let component = *isa.get(end - 1)?;
    let terminator = *isa.get(end)?;
    let component_ok = may_separate(component) && component != element;
    let after = head.get(len + 1..).unwrap_or_default();
    let may_end = may_separate(terminator) || is_sign_beyond_ascii(terminator, after);
    let terminator_ok = may_end && terminator != element && terminator != component;
    let usable = component_ok && terminator_ok;
    if !padded && !usable {
        return None;
    }
    if !component_ok {
        defects.push(SyntaxCode::ComponentSeparatorInvalid);
    }
    if !terminator_ok {
        defects.push(SyntaxCode::TerminatorInvalid);
    }
    let (standards_id, version) = if padded {
        (isa.get(82..83), isa.get(84..89))
    } else {
        let mut fields = isa.get(..end)?.split(|&byte| byte == element);
        (fields.nth(11), fields.next())
    };
    let standards_id = standards_id.and_then(|field| field.first().copied());
    let repeats = version.is_some_and(|version| version.len() == 5 && version >= b"00402".as_slice());
    // A letter, usually the U of earlier versions, says that nothing repeats.
    let repetition = standards_id.filter(|&byte| repeats && may_separate(byte));
    let free = |byte: &u8| ![element, component, terminator].contains(byte);
    if repetition.is_some_and(|byte| !free(&byte)) {
        defects.push(SyntaxCode::RepetitionSeparatorInvalid);
    }
    let repetition = repetition.filter(free);
    let delimiters = Delimiters::unchecked([element, component, terminator], repetition, None, b'.');
    let wrapped = wrapped || is_wrapped(head, len, terminator);
    let syntax = Syntax::new(delimiters, Charset::Guess, wrapped);
    Some(Header { standard: Standard::X12, syntax, lead: 0, len, defects, readable: terminator_ok })
}

/// Whether a byte beyond ASCII may terminate: a control character or a sign of ISO 8859-1 (NEL is the line end of files
/// that were EBCDIC), or the first byte of a character in UTF-8.
fn is_sign_beyond_ascii(byte: u8, after: &[u8]) -> bool {
    matches!(byte, 0x80..=0xbf) || continuation_len(byte, after) > 0
}

/// How many of the bytes after a terminator are of the same character, in UTF-8.
pub(crate) fn continuation_len(terminator: u8, after: &[u8]) -> u8 {
    let more = match terminator {
        0xc2..=0xdf => 1,
        0xe0..=0xef => 2,
        0xf0..=0xf4 => 3,
        _ => return 0,
    };
    let whole =
        after.get(..usize::from(more)).is_some_and(|bytes| bytes.iter().all(|byte| matches!(byte, 0x80..=0xbf)));
    if whole { more } else { 0 }
}

/// UNA, if there is one, and UNB. Source: ISO 9735-1, service string advice, and UNB.
fn una_unb(head: &[u8]) -> Option<Header> {
    let una = head.strip_prefix(b"UNA").and_then(<[u8]>::first_chunk::<6>).copied();
    let lead = match una {
        Some(_) => {
            let after = head.get(UNA_LEN..)?;
            UNA_LEN + after.iter().take_while(|&&byte| is_filler(byte)).count()
        }
        None => 0,
    };
    let unb = head.get(lead..)?;
    let element = *unb.strip_prefix(b"UNB")?.first()?;
    let mut defects = Vec::new();
    let delimiters = match una {
        Some(una) => advised(una).filter(|delimiters| delimiters.element() == element).or_else(|| {
            defects.push(SyntaxCode::UnaMalformed);
            by_level(element)
        })?,
        None => by_level(element)?,
    };
    let syntax = Syntax::new(delimiters, Charset::Guess, false);
    let cut = syntax.cut();
    let len = scan::segment(unb, cut)?.len;
    // A UNA on a line of its own says nothing of records.
    let wrapped = match lead {
        0 | UNA_LEN => is_wrapped(head, lead + len, delimiters.terminator()),
        _ => is_wrapped(unb, len, delimiters.terminator()),
    };
    let syntax = Syntax::new(delimiters, Charset::Guess, wrapped);
    let segment = Segment::new(unb.get(..len)?, 0, 0, syntax);
    let part = |c| segment.component_bytes(1, c).map(|bytes| segment.data(bytes).trim_ascii().to_vec());
    let charset = part(1).and_then(|identifier| Charset::of_syntax_identifier(&identifier)).unwrap_or_default();
    let repetition = match (part(2).as_deref(), una) {
        (Some(b"4"), Some([.., repetition, _])) => Some(repetition).filter(|&byte| may_separate(byte)),
        (Some(b"4"), None) => Some(b'*'),
        _ => None,
    };
    let free = |byte: &u8| !delimiters.contains(*byte);
    let repetition = repetition.filter(free);
    let [component, terminator] = [delimiters.component(), delimiters.terminator()];
    let delimiters = Delimiters::unchecked(
        [element, component, terminator],
        repetition,
        delimiters.release(),
        delimiters.decimal_mark(),
    );
    let syntax = Syntax::new(delimiters, charset, wrapped);
    Some(Header { standard: Standard::Edifact, syntax, lead, len, defects, readable: true })
}

/// What a UNA says; `None` if that cannot be.
fn advised(una: [u8; 6]) -> Option<Delimiters> {
    let [component, element, decimal_mark, release, _repetition, terminator] = una;
    let release = Some(release).filter(|&byte| byte != b' ');
    let plain = Delimiters::new(element, component, terminator, None).ok()?;
    plain.releasing(release, decimal_mark).ok()
}

/// What holds without a UNA. Level B of syntax versions 1 to 3 may use the separators of ISO 646 that are not printed.
fn by_level(element: u8) -> Option<Delimiters> {
    match element {
        b'+' => Some(Delimiters::EDIFACT),
        0x1d => Some(Delimiters::unchecked([0x1d, 0x1f, 0x1c], None, None, b'.')),
        _ => None,
    }
}

/// Whether the file is in records of one width, with line ends within segments: then the first lines are of one length,
/// and one of them ends within a segment; or the header itself is divided.
fn is_wrapped(head: &[u8], header_len: usize, terminator: u8) -> bool {
    if matches!(terminator, b'\r' | b'\n') {
        return false;
    }
    let mut rest = Some(head);
    let mut line = || {
        let bytes = rest?;
        let end = memchr::memchr(b'\n', bytes);
        rest = end.and_then(|end| bytes.get(end + 1..));
        let line = end.and_then(|end| bytes.get(..end)).unwrap_or(bytes);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    };
    let (Some(first), Some(second)) = (line(), line()) else { return false };
    if first.len() > RECORD_LEN_MAX || second.len() > RECORD_LEN_MAX {
        return false;
    }
    if first.len() < header_len {
        return true;
    }
    if first.len() > second.len() {
        return false;
    }
    let within = |line: &[u8]| line.trim_ascii_end().last().is_some_and(|&byte| byte != terminator);
    // Of the third line only what is there; it is whole if something follows it, and the file's last is shorter.
    let third = line().unwrap_or_default();
    let whole = line().is_some();
    let width = second.len();
    let of_one_width = first.len() == width || (whole && third.len() == width);
    of_one_width && third.len() <= width && (within(first) || within(second) || (whole && within(third)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISA: &str =
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260131*1435*U*00401*000000001*0*P*>~";

    fn read(bytes: &[u8]) -> Option<Header> {
        match look(bytes, true) {
            Look::Found(header) => Some(header),
            Look::Nothing | Look::More => None,
        }
    }

    #[test]
    fn delimiters_come_from_their_places() {
        let header = read(ISA.as_bytes()).unwrap();
        assert_eq!((header.syntax.delimiters(), header.len), (Delimiters::STANDARD, 105));
        assert!(header.readable && header.defects.is_empty());
    }

    #[test]
    fn repetition_needs_version_and_a_byte_that_can_separate() {
        let of =
            |from: &str, to: &str| read(ISA.replace(from, to).as_bytes()).unwrap().syntax.delimiters().repetition();
        assert_eq!(of("*U*00401*", "*^*00401*"), None);
        assert_eq!(of("*U*00401*", "*^*00402*"), Some(b'^'));
        assert_eq!(of("*U*00401*", "*U*00501*"), None);
        assert_eq!(of("*U*00401*", "*>*00501*"), None);
    }

    #[test]
    fn the_fields_of_an_isa_are_cut_at_their_places_only_where_no_other_separator_is() {
        let fields = |isa: &str| {
            let segment = Segment::new(&isa.as_bytes()[..isa.len() - 1], 0, 1, read(isa.as_bytes()).unwrap().syntax);
            let owned = |fields: [&[u8]; 17]| fields.map(<[u8]>::to_vec);
            (isa_fields(&segment).map(owned), owned(segment.fields()), segment.element_count())
        };
        let (placed, split, count) = fields(ISA);
        assert_eq!((placed, count), (Some(split), 16));
        let (placed, _, count) = fields(&ISA.replace("SENDER ", "SENDER*"));
        assert_eq!((placed, count), (None, 17));
        let (placed, _, count) = fields(&ISA.replace("SENDER         ", "SENDER"));
        assert_eq!((placed, count), (None, 16));
    }

    #[test]
    fn unpadded_is_read_but_a_defect() {
        let header = read(ISA.replace("SENDER         ", "SENDER").as_bytes()).unwrap();
        assert_eq!(header.defects, vec![SyntaxCode::IsaMalformed]);
        assert_eq!(header.syntax.delimiters(), Delimiters::STANDARD);
    }

    #[test]
    fn an_unpadded_isa_one_byte_too_long_is_none() {
        let of = |len: usize| ISA.replace("SENDER         ", &"S".repeat(len - ISA_LEN + 15));
        // The last separator of an ISA stands three bytes before its end.
        let longest = of(ISA_LEN_MAX + 2);
        assert_eq!(read(longest.as_bytes()).map(|header| header.len), Some(ISA_LEN_MAX + 1));
        assert!(read(of(ISA_LEN_MAX + 3).as_bytes()).is_none());
    }

    #[test]
    fn a_separator_that_is_data_is_a_defect() {
        let defects = |isa: &str| read(isa.as_bytes()).unwrap().defects;
        assert_eq!(defects(&ISA.replace(">~", ">Q")), vec![SyntaxCode::TerminatorInvalid]);
        assert_eq!(defects(&ISA.replace(">~", "*~")), vec![SyntaxCode::ComponentSeparatorInvalid]);
        assert!(read(b"ISABELLA").is_none());
        assert!(read(&ISA.as_bytes()[..60]).is_none());
    }

    fn unb(text: &str) -> Delimiters {
        read(text.as_bytes()).unwrap().syntax.delimiters()
    }

    #[test]
    fn a_una_says_what_separates_and_without_one_the_level_does() {
        let plain = unb("UNB+UNOA:3+A+B+260131:1435+1'");
        assert_eq!(plain, Delimiters::EDIFACT);
        assert_eq!(unb("UNB+UNOC:4+A+B+20260131:1435+1'").repetition(), Some(b'*'));
        assert_eq!(unb("UNA:+.? 'UNB+UNOC:3+A+B+260131:1435+1'"), Delimiters::EDIFACT);
        // In syntax version 4 a UNA may say that nothing repeats; before, its place is reserved whatever it holds.
        assert_eq!(unb("UNA:+.? 'UNB+UNOC:4+A+B+20260131:1435+1'").repetition(), None);
        assert_eq!(unb("UNA:+.?*'UNB+UNOC:3+A+B+260131:1435+1'").repetition(), None);
        assert_eq!(unb("UNA:+.?|'\r\nUNB+UNOC:4+A+B+20260131:1435+1'").repetition(), Some(b'|'));
        let other = unb("UNA^*,\\ ~UNB*UNOB^1*A*B*260131^1435*1~");
        assert_eq!((other.component(), other.release(), other.decimal_mark()), (b'^', Some(b'\\'), b','));
        assert_eq!(unb("UNA:+.  'UNB+UNOC:3+A+B+260131:1435+1'").release(), None);
        let control = unb("UNB\x1dUNOB\x1f1\x1dA\x1dB\x1d260131\x1f1435\x1d1\x1c");
        assert_eq!((control.component(), control.terminator(), control.release()), (0x1f, 0x1c, None));
    }

    #[test]
    fn a_una_that_cannot_be_is_a_defect() {
        let defects = |text: &str| read(text.as_bytes()).unwrap().defects;
        assert_eq!(defects("UNA++.? 'UNB+UNOC:3+A+B+260131:1435+1'"), [SyntaxCode::UnaMalformed]);
        assert_eq!(defects("UNA:*.? 'UNB+UNOC:3+A+B+260131:1435+1'"), [SyntaxCode::UnaMalformed]);
        assert!(read(b"UNB+UNOC:3+A+B+260131:1435+1").is_none());
        assert!(read(b"UNA:+.? 'UNH+1'").is_none());
        assert!(read(b"UNBELIEVABLE").is_none());
    }

    #[test]
    fn records_of_one_width_are_seen() {
        let wrap = |text: &str, width: usize| {
            let lines: Vec<_> = text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line)).collect();
            read(lines.join("\r\n").as_bytes()).map(|header| header.syntax.wrapped())
        };
        let file = format!("{ISA}GS*SW*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~{}", "N9*BM*123456~".repeat(40));
        for width in [50, 72, 80, 106, 120, 128, RECORD_LEN_MAX] {
            assert_eq!(wrap(&file, width), Some(true), "{width}");
        }
        assert_eq!(wrap(&file, RECORD_LEN_MAX + 1), Some(false));
        let lined = |text: &str, end: &str| read(text.replace('~', end).as_bytes()).unwrap().syntax.wrapped();
        assert!(!lined(&file, "~\n") && !lined(&file, "~\r\n") && !lined(&file, "\r\n"));
        assert!(!lined(&file.replace("123456", "12\n34"), "~"));
    }
}
