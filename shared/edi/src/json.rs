//! A file as JSON without loss, and back.
//!
//! [`Document::of`] gives the tree of interchanges, groups and sets with every segment, and everything that stands
//! between them: [`Document::write`] makes the same bytes of it, whatever the file was. The tree may be changed in
//! between; a value that would change the structure is refused, and so is a tree that would read back as another one.
//!
//! Values are as they are meant: without release characters, split into components and repetitions. Counts and control
//! numbers stand as they are; nothing is computed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::delimiters::{Delimiters, Standard};
use crate::envelope;
use crate::reader::read;
use crate::segment;

/// Why a tree cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A separator that is no byte.
    #[error("interchange {interchange}: separator {name:?} must be an ASCII character")]
    Separator {
        /// Which interchange, from 1.
        interchange: usize,
        /// Its name in [`Separators`].
        name: &'static str,
    },
    /// A character beyond U+00FF in a text that stands for bytes.
    #[error("interchange {interchange}: {what} has a character that is no byte of ISO 8859-1")]
    Latin1 {
        /// Which interchange, from 1; 0 before the first.
        interchange: usize,
        /// Where.
        what: String,
    },
    /// A value holds a separator that nothing releases.
    #[error(
        "interchange {interchange}, segment {segment} ({id}), element {element} holds byte 0x{byte:02x}, \
         which separates here"
    )]
    Forbidden {
        /// Which interchange, from 1.
        interchange: usize,
        /// Which of its segments, the header being 1.
        segment: usize,
        /// The segment's id.
        id: String,
        /// The element, from 1; 0 is the id.
        element: usize,
        /// The first byte that may not be there.
        byte: u8,
    },
    /// BIN01 or BDS02 is not the length of the binary data.
    #[error("interchange {interchange}, segment {segment} ({id}): the data is {len} bytes, and not as many as it says")]
    BinaryLength {
        /// Which interchange, from 1.
        interchange: usize,
        /// Which of its segments, the header being 1.
        segment: usize,
        /// The segment's id.
        id: String,
        /// How many bytes there are.
        len: usize,
    },
    /// What would be written is another tree: a header is missing, or says other separators.
    #[error(
        "interchange {interchange} would read back as something else from its segment {segment} on: \
         see that headers and trailers are there and that ISA or UNA name the same separators"
    )]
    ReadsBackDifferently {
        /// Which interchange, from 1.
        interchange: usize,
        /// The first segment that differs, the header being 1.
        segment: usize,
    },
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document<'a> {
    /// Bytes before the first interchange; the whole file, if there is none.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub before: Text<'a>,
    /// In the order of the file.
    pub interchanges: Vec<Interchange<'a>>,
}

/// ISA to IEA, or UNB to UNZ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interchange<'a> {
    /// What it is written in.
    pub standard: Standard,
    /// What separates in it.
    pub separators: Separators,
    /// What follows each terminator: the line end, or nothing. A segment with something else after it says so itself.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub line_end: Text<'a>,
    /// Bytes before the header: a UNA with what follows it.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub before: Text<'a>,
    /// ISA or UNB.
    pub header: Segment<'a>,
    /// Interchange acknowledgments before the groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ta1s: Vec<Segment<'a>>,
    /// The groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group<'a>>,
    /// IEA or UNZ, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailer: Option<Segment<'a>>,
}

/// GS to GE, or UNG to UNE; without both for EDIFACT messages that are in no group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group<'a> {
    /// GS or UNG, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Segment<'a>>,
    /// The sets.
    pub sets: Vec<Set<'a>>,
    /// GE or UNE, if it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailer: Option<Segment<'a>>,
}

/// ST to SE, or UNH to UNT.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set<'a> {
    /// All of it, header and trailer included.
    pub segments: Vec<Segment<'a>>,
}

/// A segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment<'a> {
    /// Such as `N1`.
    pub id: Text<'a>,
    /// In order, empty ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<Element<'a>>,
    /// Instead of id and elements: the bytes as they are to be written, without the terminator. Given where those cannot
    /// be made of the elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Text<'a>>,
    /// Whether the terminator stands after it; only the last one of a file may do without.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub terminated: bool,
    /// What follows it up to the next segment, where that is not the line end of its interchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Text<'a>>,
}

/// An element: a text, a list of components, or repetitions of either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Element<'a> {
    /// One value.
    Simple(Text<'a>),
    /// Several components.
    Composite(Vec<Text<'a>>),
    /// Several repetitions, each of one or more components.
    Repeated {
        /// In order.
        repetitions: Vec<Vec<Text<'a>>>,
    },
    /// The bytes as they are to be written: given where a release character stands that is not needed.
    Raw {
        /// With release characters.
        raw: Text<'a>,
    },
}

/// Bytes: as text if they are UTF-8, or else marked as ISO 8859-1, in which every byte is a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text<'a> {
    /// UTF-8.
    Utf8(Cow<'a, str>),
    /// Not UTF-8.
    Latin1 {
        /// A character for each byte.
        latin1: String,
    },
}

/// The separators of an interchange, an ASCII character each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separators {
    /// Between elements.
    pub element: char,
    /// Between components.
    pub component: char,
    /// After a segment.
    pub segment: char,
    /// Between repetitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<char>,
    /// Takes the meaning from the character after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<char>,
    /// In numbers.
    #[serde(default = "point")]
    pub decimal: char,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

fn point() -> char {
    '.'
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Utf8(Cow::Borrowed(""))
    }
}

impl<'a> Text<'a> {
    fn of(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        match bytes.into() {
            Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Self::Utf8(Cow::Borrowed(text)),
                Err(_) => Self::Latin1 { latin1: bytes.iter().copied().map(char::from).collect() },
            },
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Self::Utf8(Cow::Owned(text)),
                Err(error) => Self::Latin1 { latin1: error.as_bytes().iter().copied().map(char::from).collect() },
            },
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Utf8(text) => text.is_empty(),
            Self::Latin1 { latin1 } => latin1.is_empty(),
        }
    }

    /// The bytes; `None` if a character is none of ISO 8859-1.
    pub fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Utf8(text) => Some(Cow::Borrowed(text.as_bytes())),
            Self::Latin1 { latin1 } => {
                latin1.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<u8>>>().map(Cow::Owned)
            }
        }
    }
}

impl Separators {
    fn of(delimiters: Delimiters) -> Self {
        Self {
            element: delimiters.element().into(),
            component: delimiters.component().into(),
            segment: delimiters.terminator().into(),
            repetition: delimiters.repetition().map(char::from),
            release: delimiters.release().map(char::from),
            decimal: delimiters.decimal_mark().into(),
        }
    }
}

/// The separators as bytes, not held against each other: what an interchange says is written as it says.
#[derive(Clone, Copy)]
struct Bytes {
    element: u8,
    component: u8,
    segment: u8,
    repetition: Option<u8>,
    release: Option<u8>,
}

impl Bytes {
    fn of(separators: &Separators, interchange: usize) -> Result<Self, Error> {
        let byte = |name, c: char| u8::try_from(c).map_err(|_| Error::Separator { interchange, name });
        Ok(Self {
            element: byte("element", separators.element)?,
            component: byte("component", separators.component)?,
            segment: byte("segment", separators.segment)?,
            repetition: separators.repetition.map(|c| byte("repetition", c)).transpose()?,
            release: separators.release.map(|c| byte("release", c)).transpose()?,
        })
    }

    fn separates(self, byte: u8) -> bool {
        byte == self.element
            || byte == self.component
            || byte == self.segment
            || Some(byte) == self.repetition
            || Some(byte) == self.release
    }
}

/// Cuts at every `separator` that is not released. Never empty.
fn split(bytes: &[u8], separator: u8, release: Option<u8>) -> Vec<&[u8]> {
    let mut released = false;
    bytes
        .split(|&byte| {
            let cut = !released && byte == separator;
            released = !released && Some(byte) == release;
            cut
        })
        .collect()
}

/// How elements of a segment are made of values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Components, repetitions, release characters.
    Structured,
    /// ISA: elements of fixed length, of which one is the component separator itself.
    Fixed,
    /// BIN and BDS: after so many elements come as many bytes as the last of them says.
    Binary(usize),
}

impl Form {
    /// Source: X12.5, ISA; X12.6, BIN (BIN01 length, BIN02 data) and BDS (BDS02 length, BDS03 data).
    fn of(standard: Standard, id: &[u8]) -> Self {
        match (standard, id) {
            (Standard::X12, b"ISA") => Self::Fixed,
            (Standard::X12, b"BIN") => Self::Binary(1),
            (Standard::X12, b"BDS") => Self::Binary(2),
            _ => Self::Structured,
        }
    }
}

impl<'a> Document<'a> {
    /// The tree of a file and of what was read of it.
    pub fn of(file: &'a [u8], document: &envelope::Document<'a>) -> Self {
        let starts = document.interchanges.iter().map(|interchange| interchange.range.start);
        let mut ends: Vec<usize> = starts.skip(1).collect();
        ends.push(file.len());
        let first = document.interchanges.first().map_or(file.len(), |interchange| interchange.range.start);
        let interchanges = document.interchanges.iter().zip(ends);
        Self {
            before: Text::of(slice(file, 0, first)),
            interchanges: interchanges.map(|(interchange, end)| Interchange::of(file, interchange, end)).collect(),
        }
    }

    /// The bytes of the tree.
    ///
    /// # Errors
    /// A value that would change the structure, or a tree that would read back as another one.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        let mut out = bytes(&self.before, 0, "\"before\"")?.into_owned();
        for (index, interchange) in self.interchanges.iter().enumerate() {
            interchange.write(index + 1, &mut out)?;
        }
        self.compare(&out)?;
        Ok(out)
    }

    /// Whether `out` reads back as the same segments with as many elements.
    fn compare(&self, out: &[u8]) -> Result<(), Error> {
        let read = Document::of(out, &read(out));
        for (index, interchange) in self.interchanges.iter().enumerate() {
            let back = read.interchanges.get(index);
            if back.is_none_or(|back| back.separators != interchange.separators) {
                return Err(Error::ReadsBackDifferently { interchange: index + 1, segment: 1 });
            }
            let (given, back) = (interchange.segments(), back.map(Interchange::segments).unwrap_or_default());
            let same = |(one, other): (&&Segment<'_>, &&Segment<'_>)| {
                one.raw.is_some() || (one.id == other.id && one.elements.len() == other.elements.len())
            };
            let differs = given.iter().zip(&back).position(|pair| !same(pair));
            let longer = (given.len() != back.len()).then(|| given.len().min(back.len()));
            if let Some(at) = differs.or(longer) {
                return Err(Error::ReadsBackDifferently { interchange: index + 1, segment: at + 1 });
            }
        }
        if read.interchanges.len() > self.interchanges.len() {
            return Err(Error::ReadsBackDifferently { interchange: self.interchanges.len() + 1, segment: 1 });
        }
        Ok(())
    }
}

impl<'a> Interchange<'a> {
    fn of(file: &'a [u8], read: &envelope::Interchange<'a>, end: usize) -> Self {
        let first_group = read.groups.first().map_or(usize::MAX, |group| group.range.start);
        let ta1s: Vec<&segment::Segment<'a>> = read.ta1s.iter().filter(|ta1| ta1.range().start < first_group).collect();
        let mut starts: Vec<usize> = ta1s.iter().map(|segment| segment.range().start).collect();
        for group in &read.groups {
            let sets = group.sets.iter().flat_map(|set| &set.segments);
            let all = group.header.iter().chain(sets).chain(&group.trailer);
            starts.extend(all.map(|segment| segment.range().start));
        }
        starts.extend(read.trailer.iter().map(|segment| segment.range().start));
        starts.push(end);
        let after = slice(file, read.header.range().end, starts.first().copied().unwrap_or(end));
        let line_end = if after.iter().all(|byte| matches!(byte, b'\r' | b'\n')) { after } else { &[] };
        let mut starts = starts.into_iter();
        let mut make = |segment: &segment::Segment<'a>| {
            let next = starts.next().unwrap_or(end);
            Segment::of(file, segment, read.standard, line_end, next)
        };
        Self {
            standard: read.standard,
            separators: Separators::of(read.delimiters),
            line_end: Text::of(line_end),
            before: Text::of(slice(file, read.range.start, read.header.range().start)),
            header: make(&read.header),
            ta1s: ta1s.into_iter().map(&mut make).collect(),
            groups: read
                .groups
                .iter()
                .map(|group| Group {
                    header: group.header.as_ref().map(&mut make),
                    sets: group
                        .sets
                        .iter()
                        .map(|set| Set { segments: set.segments.iter().map(&mut make).collect() })
                        .collect(),
                    trailer: group.trailer.as_ref().map(&mut make),
                })
                .collect(),
            trailer: read.trailer.as_ref().map(&mut make),
        }
    }

    /// All segments in order.
    fn segments(&self) -> Vec<&Segment<'a>> {
        let mut all: Vec<&Segment<'a>> = std::iter::once(&self.header).chain(&self.ta1s).collect();
        for group in &self.groups {
            all.extend(&group.header);
            all.extend(group.sets.iter().flat_map(|set| &set.segments));
            all.extend(&group.trailer);
        }
        all.extend(&self.trailer);
        all
    }

    fn write(&self, interchange: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let separators = Bytes::of(&self.separators, interchange)?;
        let line_end = bytes(&self.line_end, interchange, "\"line_end\"")?;
        out.extend_from_slice(&bytes(&self.before, interchange, "\"before\"")?);
        for (index, segment) in self.segments().into_iter().enumerate() {
            let spot = Spot { interchange, segment: index + 1 };
            segment.write(self.standard, separators, spot, out)?;
            if segment.terminated {
                out.push(separators.segment);
            }
            match &segment.after {
                Some(after) => out.extend_from_slice(&bytes(after, interchange, "\"after\"")?),
                None => out.extend_from_slice(&line_end),
            }
        }
        Ok(())
    }
}

/// Which segment is being written, for errors.
#[derive(Clone, Copy, Default)]
struct Spot {
    interchange: usize,
    segment: usize,
}

impl<'a> Segment<'a> {
    fn of(file: &'a [u8], read: &segment::Segment<'a>, standard: Standard, line_end: &[u8], next: usize) -> Self {
        let (range, delimiters) = (read.range(), read.delimiters());
        let whole = slice(file, range.start, range.end);
        let terminated = read.bytes().len() < whole.len() && whole.last() == Some(&delimiters.terminator());
        let raw = if terminated { slice(whole, 0, whole.len() - 1) } else { whole };
        let after = slice(file, range.end, next);
        let after = (after != line_end).then(|| Text::of(after));
        let bytes = Bytes {
            element: delimiters.element(),
            component: delimiters.component(),
            segment: delimiters.terminator(),
            repetition: delimiters.repetition(),
            release: delimiters.release(),
        };
        let mut parts = split(raw, bytes.element, bytes.release).into_iter();
        let id = parts.next().unwrap_or_default();
        let form = Form::of(standard, id);
        let elements = match form {
            Form::Binary(before) => binary(raw, bytes.element, before).into_iter().map(Element::whole).collect(),
            Form::Fixed => parts.map(Element::whole).collect(),
            Form::Structured => parts.map(|part| Element::of(part, bytes)).collect(),
        };
        let made = Self { id: Text::of(id), elements, raw: None, terminated, after };
        let mut written = Vec::with_capacity(raw.len());
        if made.write(standard, bytes, Spot::default(), &mut written).is_ok() && written == raw {
            return made;
        }
        Self { elements: Vec::new(), raw: Some(Text::of(raw)), ..made }
    }

    /// Id and elements, without terminator.
    fn write(&self, standard: Standard, separators: Bytes, spot: Spot, out: &mut Vec<u8>) -> Result<(), Error> {
        let Spot { interchange, segment } = spot;
        if let Some(raw) = &self.raw {
            out.extend_from_slice(&bytes(raw, interchange, "\"raw\"")?);
            return Ok(());
        }
        let id = bytes(&self.id, interchange, "\"id\"")?;
        let shown = || String::from_utf8_lossy(&id).into_owned();
        let forbidden = |element, byte| Error::Forbidden { interchange, segment, id: shown(), element, byte };
        check_raw(&id, separators, self.terminated).map_err(|byte| forbidden(0, byte))?;
        out.extend_from_slice(&id);
        let form = Form::of(standard, &id);
        for (index, element) in self.elements.iter().enumerate() {
            out.push(separators.element);
            let is_data = matches!(form, Form::Binary(before) if index == before);
            match element {
                Element::Simple(text) if is_data => {
                    let data = bytes(text, interchange, &shown())?;
                    let says = index.checked_sub(1).and_then(|last| self.elements.get(last));
                    let says = says.and_then(Element::number);
                    if says != Some(data.len()) {
                        return Err(Error::BinaryLength { interchange, segment, id: shown(), len: data.len() });
                    }
                    out.extend_from_slice(&data);
                }
                Element::Simple(text) if form == Form::Fixed => {
                    let value = bytes(text, interchange, &shown())?;
                    let ends = |byte: &&u8| **byte == separators.element || **byte == separators.segment;
                    if let Some(&byte) = value.iter().find(ends) {
                        return Err(forbidden(index + 1, byte));
                    }
                    out.extend_from_slice(&value);
                }
                Element::Raw { raw } => {
                    let value = bytes(raw, interchange, &shown())?;
                    let dangles = !self.terminated && index + 1 == self.elements.len();
                    check_raw(&value, separators, !dangles).map_err(|byte| forbidden(index + 1, byte))?;
                    out.extend_from_slice(&value);
                }
                _ => {
                    for (nth, components) in element.repetitions().enumerate() {
                        if nth > 0 {
                            // Without a separator for them there can be no repetitions.
                            out.push(separators.repetition.ok_or_else(|| forbidden(index + 1, b' '))?);
                        }
                        for (nth, text) in components.iter().enumerate() {
                            if nth > 0 {
                                out.push(separators.component);
                            }
                            let value = bytes(text, interchange, &shown())?;
                            escape(&value, separators, out).map_err(|byte| forbidden(index + 1, byte))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl<'a> Element<'a> {
    fn whole(bytes: &'a [u8]) -> Self {
        Self::Simple(Text::of(bytes))
    }

    fn of(bytes: &'a [u8], separators: Bytes) -> Self {
        if !bytes.iter().any(|&byte| separators.separates(byte)) {
            return Self::whole(bytes);
        }
        let values = |repetition: &'a [u8]| -> Vec<Text<'a>> {
            let components = split(repetition, separators.component, separators.release);
            components.into_iter().map(|component| unescape(component, separators.release)).collect()
        };
        let mut repetitions: Vec<Vec<Text<'a>>> = match separators.repetition {
            Some(separator) => split(bytes, separator, separators.release).into_iter().map(values).collect(),
            None => vec![values(bytes)],
        };
        let made = match repetitions.as_mut_slice() {
            [only] => match only.as_mut_slice() {
                [value] => Self::Simple(std::mem::take(value)),
                _ => Self::Composite(std::mem::take(only)),
            },
            _ => Self::Repeated { repetitions },
        };
        let mut written = Vec::with_capacity(bytes.len());
        for (nth, components) in made.repetitions().enumerate() {
            written.extend((nth > 0).then_some(separators.repetition).flatten());
            for (nth, text) in components.iter().enumerate() {
                written.extend((nth > 0).then_some(separators.component));
                let value = text.bytes().unwrap_or_default();
                if escape(&value, separators, &mut written).is_err() {
                    return Self::Raw { raw: Text::of(bytes) };
                }
            }
        }
        if written == bytes { made } else { Self::Raw { raw: Text::of(bytes) } }
    }

    /// One list of components for each repetition.
    fn repetitions(&self) -> impl Iterator<Item = &[Text<'a>]> {
        let (one, more): (&[Text<'a>], &[Vec<Text<'a>>]) = match self {
            Self::Simple(text) | Self::Raw { raw: text } => (std::slice::from_ref(text), &[]),
            Self::Composite(components) => (components, &[]),
            Self::Repeated { repetitions } => (&[], repetitions),
        };
        let one = (!matches!(self, Self::Repeated { .. })).then_some(one);
        one.into_iter().chain(more.iter().map(Vec::as_slice))
    }

    /// The number that it says.
    fn number(&self) -> Option<usize> {
        match self {
            Self::Simple(Text::Utf8(text)) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

/// The elements of a segment whose last one is binary: it is all that follows the `before`th.
fn binary(raw: &[u8], separator: u8, before: usize) -> Vec<&[u8]> {
    raw.splitn(before + 2, |&byte| byte == separator).skip(1).collect()
}

/// A value without its release characters.
fn unescape(bytes: &[u8], release: Option<u8>) -> Text<'_> {
    if !bytes.iter().any(|&byte| Some(byte) == release) {
        return Text::of(bytes);
    }
    let mut released = false;
    let mut plain = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        released = !released && Some(byte) == release;
        if !released {
            plain.push(byte);
        }
    }
    Text::of(plain)
}

/// A value with release characters where they are needed; the byte that needs one where there is none.
fn escape(value: &[u8], separators: Bytes, out: &mut Vec<u8>) -> Result<(), u8> {
    for &byte in value {
        if separators.separates(byte) {
            out.push(separators.release.ok_or(byte)?);
        }
        out.push(byte);
    }
    Ok(())
}

/// Whether bytes hold nothing that ends an element or the segment; the byte that does.
fn check_raw(bytes: &[u8], separators: Bytes, closed: bool) -> Result<(), u8> {
    let mut released = false;
    for &byte in bytes {
        if !released && (byte == separators.element || byte == separators.segment) {
            return Err(byte);
        }
        released = !released && Some(byte) == separators.release;
    }
    match separators.release {
        Some(release) if released && closed => Err(release),
        _ => Ok(()),
    }
}

fn bytes<'t>(text: &'t Text<'_>, interchange: usize, what: &str) -> Result<Cow<'t, [u8]>, Error> {
    text.bytes().ok_or_else(|| Error::Latin1 { interchange, what: what.to_owned() })
}

/// A part of the file; empty if it is none.
fn slice(file: &[u8], start: usize, end: usize) -> &[u8] {
    file.get(start..end.max(start)).unwrap_or_default()
}
