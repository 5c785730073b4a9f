//! The documents that the code is held against.

use std::collections::BTreeSet;

use crate::root;

/// Every code that a person can meet: ours, and those of the EDI reader.
fn codes() -> BTreeSet<String> {
    let ours = canonical::Code::ALL.iter().map(|code| code.as_str().to_owned());
    ours.chain(edi::SyntaxCode::ALL.iter().map(|code| code.as_str().to_owned())).collect()
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let pages: BTreeSet<String> = std::fs::read_dir(root().join("docs/codes"))
        .expect("docs/codes is there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "README"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let codes = codes();
    assert_eq!(codes.difference(&pages).collect::<Vec<_>>(), Vec::<&String>::new(), "codes without a page");
    assert_eq!(pages.difference(&codes).collect::<Vec<_>>(), Vec::<&String>::new(), "pages without a code");
}

#[test]
fn every_page_begins_with_its_code_and_says_what_to_do() {
    for code in codes() {
        let page = std::fs::read_to_string(root().join(format!("docs/codes/{code}.md"))).expect("the page is there");
        assert!(page.starts_with(&format!("# {code}\n")), "{code}: {page:.40}");
        assert!(page.contains("## What to do"), "{code} does not say what to do");
    }
}

#[test]
fn the_codemap_names_every_crate() {
    let map = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the codemap is there");
    for folder in ["shared", "functions"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("a folder") {
            let name = entry.expect("a readable folder").file_name().to_string_lossy().into_owned();
            assert!(map.contains(&name), "docs/ARCHITECTURE.md does not name {folder}/{name}");
        }
    }
}
