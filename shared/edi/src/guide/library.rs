//! The definition files that come with this crate.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use super::parse::{GuideError, lines};
use super::{Dictionary, Slot};
use crate::delimiters::Standard;

/// The files of one version's folder.
#[derive(Debug)]
pub(super) struct Folder {
    /// Below `guides/`, such as `x12/004010`.
    pub(super) path: &'static str,
    pub(super) elements: &'static str,
    pub(super) segments: &'static str,
    /// Set id and definition.
    pub(super) sets: &'static [(&'static str, &'static str)],
    dictionary: OnceLock<Option<Arc<Dictionary>>>,
}

impl Folder {
    /// Such as `004010`.
    pub(super) fn version(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn standard(&self) -> Standard {
        if self.path.starts_with("x12/") { Standard::X12 } else { Standard::Edifact }
    }

    /// The definitions that its sets share, read when they are first needed.
    pub(super) fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        let read = || Dictionary::parse(self.elements, self.segments).ok().map(Arc::new);
        self.dictionary.get_or_init(read).as_ref()
    }
}

macro_rules! folder {
    ($path:literal: $($set:literal)*) => {
        Folder {
            path: $path,
            elements: include_str!(concat!("../../guides/", $path, "/elements.txt")),
            segments: include_str!(concat!("../../guides/", $path, "/segments.txt")),
            sets: &[$(($set, include_str!(concat!("../../guides/", $path, "/", $set, ".txt"))),)*],
            dictionary: OnceLock::new(),
        }
    };
}

/// The definitions of a version, or else of the last one before it or the first there is, and a partner's own beside or in
/// place of them.
pub(super) fn dictionary_with(
    standard: Standard,
    version: &str,
    elements: &str,
    segments: &str,
) -> Result<Dictionary, GuideError> {
    let of_standard = || FOLDERS.iter().filter(|folder| folder.standard() == standard);
    let exact = of_standard().find(|folder| version.starts_with(folder.version()));
    let age = |folder: &&Folder| Slot::age(folder.version());
    let before = || of_standard().filter(|folder| age(folder) <= Slot::age(version)).max_by_key(age);
    let folder = exact.or_else(before).or_else(|| of_standard().min_by_key(age));
    let (old_elements, old_segments) = folder.map_or(("", ""), |folder| (folder.elements, folder.segments));
    Dictionary::parse(&instead(elements, old_elements), &instead(segments, old_segments))
}

/// The lines of `own`, where they stand, and those of `old` that define something else.
fn instead(own: &str, old: &str) -> String {
    let defined = |line: &str| line.split([' ', ':']).next().unwrap_or_default().to_owned();
    let replaced: BTreeSet<String> = lines(own).map(|(_, line)| defined(line)).collect();
    let mut text = format!("{own}\n");
    for (_, line) in lines(old).filter(|(_, line)| !replaced.contains(&defined(line))) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Whether a set or message type is one of the standard's, with a guide here or without.
pub(super) fn is_known(standard: Standard, id: &str) -> bool {
    let list = match standard {
        Standard::X12 => include_str!("../../guides/known/x12.txt"),
        Standard::Edifact => include_str!("../../guides/known/edifact.txt"),
    };
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).any(|known| known == id)
}

/// Every file below `guides/`; a test holds this list against the folders. One set a line.
pub(super) static FOLDERS: LazyLock<Vec<Folder>> = LazyLock::new(|| {
    vec![
        folder! {
            "x12/004010":
            "180"
            "204"
            "210"
            "214"
            "810"
            "824"
            "846"
            "850"
            "855"
            "856"
            "860"
            "861"
            "940"
            "943"
            "944"
            "945"
            "947"
            "990"
            "997"
        },
        folder! {
            "x12/005010":
            "180"
            "204"
            "210"
            "214"
            "753"
            "754"
            "810"
            "824"
            "846"
            "850"
            "855"
            "856"
            "860"
            "861"
            "940"
            "943"
            "944"
            "945"
            "947"
            "990"
            "997"
            "999"
        },
        folder! {
            "edifact/D.01B":
            "APERAK"
            "DESADV"
            "HANMOV"
            "IFTMIN"
            "IFTSTA"
            "INSDES"
            "INVOIC"
            "INVRPT"
            "ORDCHG"
            "ORDERS"
            "ORDRSP"
            "RECADV"
        },
        folder! {
            "edifact/D.96A":
            "APERAK"
            "DESADV"
            "HANMOV"
            "IFTMIN"
            "IFTSTA"
            "INSDES"
            "INVOIC"
            "INVRPT"
            "ORDCHG"
            "ORDERS"
            "ORDRSP"
            "RECADV"
        },
        folder! {
            "edifact/4.1":
            "CONTRL"
        },
        folder! {
            "edifact/D.3":
            "CONTRL"
        },
        folder! {
            "edifact/2.2":
            "CONTRL"
        },
    ]
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Names without `.txt`, or of folders, below a folder of `guides`.
    fn names(path: &str) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guides").join(path);
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".txt").to_owned()).collect()
    }

    #[test]
    fn every_definition_file_is_listed() {
        for standard in ["x12", "edifact"] {
            for version in names(standard) {
                let path = format!("{standard}/{version}");
                let folder = FOLDERS.iter().find(|folder| folder.path == path);
                let listed = folder.map(|folder| folder.sets.iter().map(|(set, _)| (*set).to_owned())).into_iter();
                let mut listed: BTreeSet<_> = listed.flatten().collect();
                listed.extend(["elements".to_owned(), "segments".to_owned()]);
                assert_eq!(names(&path), listed, "guides/{path} and library.rs");
            }
        }
    }
}
