//! From values to bytes. Counts and control numbers of the trailers are computed; no value can become a segment.
//!
//! X12: [`interchange`]. EDIFACT: [`edifact::interchange`]. What was read, as it was: [`document`].

mod document;
pub mod edifact;
mod x12;

use memchr::memmem;

use crate::delimiters::{Delimiters, Standard};
use crate::events::{Event, Events};
use crate::limits::{SEGMENT_LEN_MAX, SEGMENTS_PER_SET_MAX};

pub use document::document;
pub use x12::{Envelope, GROUPS_MAX, NewGroup, NewSet, SETS_MAX, interchange, interchange_as};

/// Why something cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value holds a delimiter or a control character and would change the structure; see [`clean`].
    #[error("{segment}{element:02} of segment {position} holds byte 0x{byte:02x}, which would change the structure")]
    Forbidden {
        /// The segment's id.
        segment: String,
        /// The segment's position in its set, ST being 1; 0 in the envelope.
        position: usize,
        /// The element, from 1.
        element: usize,
        /// The first byte that may not be there.
        byte: u8,
    },
    /// A character that the repertoire of the interchange does not have (UNB 0001).
    #[error("{segment}{element:02} of segment {position} holds `{character}`, which {repertoire} does not have")]
    Repertoire {
        /// The segment's id.
        segment: String,
        /// The segment's position in its message, UNH being 1; 0 in the envelope.
        position: usize,
        /// The element, from 1.
        element: usize,
        /// The first character that may not be there.
        character: char,
        /// Such as `UNOA`.
        repertoire: &'static str,
    },
    /// An element repeats, but the interchange has no repetition separator.
    #[error("{segment}{element:02} of segment {position} repeats, but the interchange has no repetition separator")]
    Repetition {
        /// The segment's id.
        segment: String,
        /// The segment's position in its set.
        position: usize,
        /// The element, from 1.
        element: usize,
    },
    /// A segment id that is none, or one of the envelope's.
    #[error("`{segment}` (segment {position}) is no id of a segment in a transaction set")]
    SegmentId {
        /// The id.
        segment: String,
        /// The segment's position in its set, ST being 1.
        position: usize,
    },
    /// A BIN or BDS whose data is not as long as it says: a reader would take something else for data.
    #[error("{segment} (segment {position}) does not end with data of the length that it says, without separators")]
    Binary {
        /// BIN or BDS.
        segment: String,
        /// The segment's position in its set, ST being 1.
        position: usize,
    },
    /// A value or segment that looks so much like the beginning of an interchange that it would be read as one.
    #[error("a value or segment reads as the beginning of another interchange: change the `ISA`, `UNA` or `UNB` in it")]
    AnotherInterchange,
    /// A value of the envelope that does not fit.
    #[error("{element} must be {expected}")]
    Envelope {
        /// Such as `ISA06`.
        element: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A replacement that is no better than what it replaces.
    #[error("`{0}` cannot replace anything: it separates, controls, or is not in the repertoire")]
    Replacement(char),
    /// More than a reader takes.
    #[error("too many or too long: {0}")]
    TooMany(&'static str),
}

/// What becomes of a delimiter or control character in a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDelimiter {
    /// Nothing is written.
    #[default]
    Refuse,
    /// This character stands in its place.
    Replace(char),
    /// The release character is written before a delimiter. Control characters, and delimiters of an interchange
    /// without a release character, are refused.
    Release,
}

/// What becomes of a character that the repertoire does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCharacter {
    /// Nothing is written.
    #[default]
    Refuse,
    /// Its capital, if the repertoire has that; else this character.
    Replace(char),
}

/// How strict a writer is with values. The default refuses everything that cannot be said as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// For delimiters and control characters.
    pub on_delimiter: OnDelimiter,
    /// For characters outside the repertoire; X12 has none that we know of.
    pub on_character: OnCharacter,
}

/// A segment to be written: an id and elements, each of one or more components, of which some may repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSegment {
    id: String,
    elements: Vec<Vec<String>>,
    /// Index of an element, and one more repetition of it; in order.
    repetitions: Vec<(usize, Vec<String>)>,
}

impl NewSegment {
    /// A segment without elements, such as `N1`.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), elements: Vec::new(), repetitions: Vec::new() }
    }

    /// Appends an element; an empty one keeps its place.
    #[must_use]
    pub fn element(self, value: impl Into<String>) -> Self {
        self.composite([value.into()])
    }

    /// Appends an empty element.
    #[must_use]
    pub fn empty(self) -> Self {
        self.element("")
    }

    /// Appends several elements.
    #[must_use]
    pub fn elements<T: Into<String>>(self, values: impl IntoIterator<Item = T>) -> Self {
        values.into_iter().fold(self, Self::element)
    }

    /// Appends a composite element.
    #[must_use]
    pub fn composite<T: Into<String>>(mut self, components: impl IntoIterator<Item = T>) -> Self {
        self.elements.push(components.into_iter().map(Into::into).collect());
        self
    }

    /// Repeats the last element with other components; a segment without elements gets its first.
    #[must_use]
    pub fn repeat<T: Into<String>>(mut self, components: impl IntoIterator<Item = T>) -> Self {
        let components = components.into_iter().map(Into::into).collect();
        match self.elements.len().checked_sub(1) {
            Some(last) => self.repetitions.push((last, components)),
            None => self.elements.push(components),
        }
        self
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The elements, each as the components of its first repetition.
    pub fn values(&self) -> &[Vec<String>] {
        &self.elements
    }

    /// The repetitions of element `n` (from 1), each as its components.
    pub fn repetitions(&self, n: usize) -> impl Iterator<Item = &[String]> {
        let index = n.wrapping_sub(1);
        let more = self.repetitions.iter().filter(move |(of, _)| *of == index).map(|(_, components)| components);
        self.elements.get(index).into_iter().chain(more).map(Vec::as_slice)
    }
}

/// Replaces what may not stand in a value (delimiters, control characters) by blanks, cuts it to `len_max` characters
/// and takes the blanks around it away.
pub fn clean(value: &str, delimiters: Delimiters, len_max: usize) -> String {
    let blank = |c: char| c.is_control() || u8::try_from(c).is_ok_and(|byte| delimiters.contains(byte));
    let cleaned: String = value.chars().map(|c| if blank(c) { ' ' } else { c }).collect();
    let cut: String = cleaned.trim().chars().take(len_max).collect();
    cut.trim_end().to_owned()
}

/// Which characters a value may have, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repertoire {
    /// Every character, as UTF-8.
    Unicode(&'static str),
    /// Capitals, digits and some punctuation. Source: ISO 9735-1, level A.
    LevelA,
    /// The same with small letters. Source: ISO 9735-1, level B.
    LevelB,
    /// ISO 8859-1.
    Latin1,
    /// ASCII alone: the part that all national sets share.
    Ascii(&'static str),
}

impl Repertoire {
    fn name(self) -> &'static str {
        match self {
            Self::Unicode(name) | Self::Ascii(name) => name,
            Self::LevelA => "UNOA",
            Self::LevelB => "UNOB",
            Self::Latin1 => "UNOC",
        }
    }

    fn has(self, c: char) -> bool {
        let punctuation = || " .,-()/='+:?!\"%&*;<>".contains(c);
        match self {
            Self::Unicode(_) => true,
            Self::LevelA => c.is_ascii_uppercase() || c.is_ascii_digit() || punctuation(),
            Self::LevelB => c.is_ascii_alphanumeric() || punctuation(),
            Self::Latin1 => u8::try_from(c).is_ok(),
            Self::Ascii(_) => c.is_ascii(),
        }
    }

    fn push(self, c: char, out: &mut Vec<u8>) {
        match (self, u8::try_from(c)) {
            (Self::Latin1, Ok(byte)) => out.push(byte),
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Where a value stands, for errors.
#[derive(Clone, Copy)]
struct At<'a> {
    segment: &'a str,
    position: usize,
    element: usize,
}

/// Puts segments together.
struct Emitter {
    out: Vec<u8>,
    delimiters: Delimiters,
    repertoire: Repertoire,
    policy: Policy,
    line_feeds: bool,
}

impl Emitter {
    /// What was written. A reader that looks for lost terminators takes an ISA or UNA of perfect form for one, wherever it
    /// stands, and a segment UNB where separators are those of EDIFACT; so what might be one is read once more.
    fn whole(self) -> Result<Vec<u8>, Error> {
        let starts = |id| memmem::find_iter(&self.out, id).any(|at| at > 0);
        let begins = |event: &Event<'_>| matches!(event, Event::InterchangeStart { .. });
        if ["ISA", "UNA", "UNB"].into_iter().any(starts) && Events::new(&self.out).filter(begins).count() != 1 {
            return Err(Error::AnotherInterchange);
        }
        Ok(self.out)
    }

    /// Refuses a policy whose replacements would have to be replaced themselves, and line ends that separate anything
    /// but segments: readers pass over them.
    fn new(delimiters: Delimiters, repertoire: Repertoire, policy: Policy, line_feeds: bool) -> Result<Self, Error> {
        let within = [Some(delimiters.element()), Some(delimiters.component()), delimiters.repetition()];
        if within.into_iter().chain([delimiters.release()]).flatten().any(|byte| matches!(byte, b'\r' | b'\n')) {
            return Err(Error::Envelope { element: "delimiters", expected: "no line end, except as the terminator" });
        }
        let emitter = Self { out: Vec::new(), delimiters, repertoire, policy, line_feeds };
        let delimiter = Some(policy.on_delimiter).and_then(|on| match on {
            OnDelimiter::Replace(with) => Some(with),
            OnDelimiter::Refuse | OnDelimiter::Release => None,
        });
        let character = Some(policy.on_character).and_then(|on| match on {
            OnCharacter::Replace(with) => Some(with),
            OnCharacter::Refuse => None,
        });
        match delimiter.into_iter().chain(character).find(|with| emitter.separates(*with) || !repertoire.has(*with)) {
            Some(with) => Err(Error::Replacement(with)),
            None => Ok(emitter),
        }
    }

    /// Whether a character is a delimiter, a release character or a control character.
    fn separates(&self, c: char) -> bool {
        c.is_control() || u8::try_from(c).is_ok_and(|byte| self.delimiters.contains(byte))
    }

    /// A segment of the envelope or of a set, with its terminator.
    fn segment(&mut self, segment: &NewSegment, position: usize) -> Result<(), Error> {
        let start = self.out.len();
        self.body(segment, position)?;
        if self.out.len() - start > SEGMENT_LEN_MAX {
            return Err(Error::TooMany("bytes in a segment"));
        }
        self.end();
        Ok(())
    }

    /// The segments of a set, each with an id that belongs there.
    fn segments(&mut self, segments: &[NewSegment], standard: Standard) -> Result<(), Error> {
        if segments.len() + 2 > SEGMENTS_PER_SET_MAX {
            return Err(Error::TooMany("segments in a set"));
        }
        for (index, segment) in segments.iter().enumerate() {
            let position = index + 2;
            if !may_stand_in_set(&segment.id, standard) {
                return Err(Error::SegmentId { segment: segment.id.clone(), position });
            }
            let start = self.out.len();
            self.segment(segment, position)?;
            let length_at = binary_length_at(&segment.id).filter(|_| standard == Standard::X12);
            if length_at.is_some_and(|at| !self.ends_with_data(start, segment, at)) {
                return Err(Error::Binary { segment: segment.id.clone(), position });
            }
        }
        Ok(())
    }

    /// Whether the segment written at `start` ends with as many bytes as its element `at` says.
    fn ends_with_data(&self, start: usize, segment: &NewSegment, at: usize) -> bool {
        let (element, terminator) = (self.delimiters.element(), self.delimiters.terminator());
        let written = self.out.get(start..).unwrap_or_default();
        let body = written.split(|&byte| byte == terminator).next().unwrap_or_default();
        let mut parts = body.splitn(at + 2, |&byte| byte == element).skip(at);
        let length = parts.next().and_then(|length| std::str::from_utf8(length).ok()?.parse().ok());
        let data = parts.next();
        segment.elements.len() == at + 1
            && length.is_some()
            && length == data.map(<[u8]>::len)
            && data.is_some_and(|data| !data.iter().any(|&byte| self.delimiters.contains(byte)))
    }

    fn body(&mut self, segment: &NewSegment, position: usize) -> Result<(), Error> {
        self.out.extend_from_slice(segment.id.as_bytes());
        let says_something = |components: &[String]| components.iter().any(|component| !component.is_empty());
        let last = (1..=segment.elements.len()).rfind(|n| segment.repetitions(*n).any(says_something)).unwrap_or(0);
        for n in 1..=last {
            self.out.push(self.delimiters.element());
            let at = At { segment: &segment.id, position, element: n };
            let count = segment.repetitions(n).collect::<Vec<_>>().iter().rposition(|one| says_something(one));
            for (nth, components) in segment.repetitions(n).take(count.map_or(0, |last| last + 1)).enumerate() {
                if nth > 0 {
                    let (segment, element) = (segment.id.clone(), n);
                    let separator = self.delimiters.repetition();
                    self.out.push(separator.ok_or(Error::Repetition { segment, position, element })?);
                }
                self.components(components, at)?;
            }
        }
        Ok(())
    }

    fn components(&mut self, components: &[String], at: At<'_>) -> Result<(), Error> {
        let count = components.iter().rposition(|component| !component.is_empty()).map_or(0, |last| last + 1);
        for (nth, component) in components.iter().take(count).enumerate() {
            if nth > 0 {
                self.out.push(self.delimiters.component());
            }
            for c in component.chars() {
                self.character(c, at)?;
            }
        }
        Ok(())
    }

    fn character(&mut self, c: char, at: At<'_>) -> Result<(), Error> {
        if self.separates(c) {
            match (self.policy.on_delimiter, self.delimiters.release()) {
                (OnDelimiter::Replace(with), _) => self.repertoire.push(with, &mut self.out),
                (OnDelimiter::Release, Some(release)) if !c.is_control() => {
                    self.out.push(release);
                    self.repertoire.push(c, &mut self.out);
                }
                _ => {
                    // Control characters beyond ASCII begin with byte 0xc2 in UTF-8.
                    let byte = c.encode_utf8(&mut [0; 4]).bytes().next().unwrap_or_default();
                    let segment = at.segment.to_owned();
                    return Err(Error::Forbidden { segment, position: at.position, element: at.element, byte });
                }
            }
        } else if self.repertoire.has(c) {
            self.repertoire.push(c, &mut self.out);
        } else if let OnCharacter::Replace(with) = self.policy.on_character {
            let mut capitals = c.to_uppercase();
            let capital = capitals.next().filter(|capital| capitals.next().is_none() && self.repertoire.has(*capital));
            match capital.filter(|capital| !self.separates(*capital)) {
                Some(capital) => self.repertoire.push(capital, &mut self.out),
                None => self.repertoire.push(with, &mut self.out),
            }
        } else {
            return Err(Error::Repertoire {
                segment: at.segment.to_owned(),
                position: at.position,
                element: at.element,
                character: c,
                repertoire: self.repertoire.name(),
            });
        }
        Ok(())
    }

    fn end(&mut self) {
        self.out.push(self.delimiters.terminator());
        if self.line_feeds && !matches!(self.delimiters.terminator(), b'\r' | b'\n') {
            self.out.push(b'\n');
        }
    }
}

/// The element that says how long the binary data after it is. Source: X12.6, BIN and BDS.
fn binary_length_at(id: &str) -> Option<usize> {
    match id {
        "BIN" => Some(1),
        "BDS" => Some(2),
        _ => None,
    }
}

/// Whether a segment may stand between the header and the trailer of a set.
fn may_stand_in_set(id: &str, standard: Standard) -> bool {
    let alphanumeric = |id: &str| id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let begins = id.starts_with(|c: char| c.is_ascii_uppercase());
    match standard {
        Standard::X12 => {
            let reserved = matches!(id, "ISA" | "ISX" | "IEA" | "GS" | "GE" | "ST" | "SE" | "TA1" | "ISB" | "ISE");
            !reserved && (2..=3).contains(&id.len()) && begins && alphanumeric(id)
        }
        Standard::Edifact => {
            let reserved = matches!(id, "UNA" | "UNB" | "UNG" | "UNH" | "UNT" | "UNE" | "UNZ" | "UNO" | "UNP" | "UIB");
            !reserved && id.len() == 3 && begins && alphanumeric(id)
        }
    }
}
