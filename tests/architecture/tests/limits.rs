//! The page of limits: what it names is there, and what is there it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::root;

/// Where what comes from outside is limited: crate and file. Each `…_MAX` and `…_MIN` there is on the page.
const INLETS: [(&str, &str); 14] = [
    ("formats", "limits"),
    ("steps", "signature/mod"),
    ("steps", "signature/keys"),
    ("steps", "signature/token"),
    ("steps", "webhook_ingest"),
    ("steps", "order_release"),
    ("steps", "edi_drop"),
    ("handlers", "edge"),
    ("partners", "auth"),
    ("partners", "api"),
    ("aws", "secret_value"),
    ("aws", "partner_http"),
    ("aws", "tokens"),
    ("aws", "key_sets"),
];

/// Limits that stand on the page with another of the same row, or that the page tells of in words.
const BESIDE: [&str; 6] =
    ["MAP_DEPTH_MAX", "LOOP_NODES_MAX", "EXPRESSION_DEPTH_MAX", "EXPRESSION_LIST_MAX", "CALL_S_MAX", "CONNECT_S_MAX"];

struct Row {
    constant: Option<String>,
    test: String,
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(root().join("docs/limits.md")).expect("the page is there");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let code = |cell: &str| cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).map(str::to_owned);
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| What"));
    rows.map(|line| {
        let cells = cells(line);
        assert_eq!(cells.len(), 4, "{line}");
        Row { constant: code(&cells[2]), test: code(&cells[3]).unwrap_or_else(|| panic!("{line} names its test")) }
    })
    .collect()
}

/// The text of a module: `steps::signature::keys` is `shared/steps/src/signature/keys.rs`.
fn module(path: &[&str]) -> String {
    let (name, inside) = path.split_first().expect("a crate");
    let base = root().join("shared").join(name).join("src").join(inside.join("/"));
    let (file, folder) = (base.with_extension("rs"), base.join("mod.rs"));
    std::fs::read_to_string(&file).or_else(|_| std::fs::read_to_string(&folder)).unwrap_or_else(|_| panic!("{path:?}"))
}

fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target" && name != "corpus") {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn each_limit_says_its_reason_and_has_a_test() {
    let mut all = String::new();
    for folder in ["shared", "tests"] {
        sources(&root().join(folder), &mut all);
    }
    let rows = rows();
    assert!(rows.len() > 50, "the page is read: {} rows", rows.len());
    for Row { constant, test } in rows {
        let is_test = all.contains(&format!("fn {test}()")) || all.contains(&format!("fn {test}("));
        assert!(is_test, "docs/limits.md names a test that is not there: {test}");
        let Some(constant) = constant else { continue };
        let path: Vec<&str> = constant.split("::").collect();
        let (name, module_path) = path.split_last().expect("a constant");
        let text = module(module_path);
        let at = text.find(&format!("const {name}: ")).unwrap_or_else(|| panic!("{constant} is not there"));
        let before = text[..at].lines().rev().skip(usize::from(!text[..at].ends_with('\n')));
        let reason: Vec<&str> = before.take_while(|line| line.starts_with("/// ")).collect();
        let said: String = reason.into_iter().rev().map(|line| line.trim_start_matches("///")).collect();
        // A sentence that says more than the name: what it is, and why it is that.
        assert!(said.len() > 40 && said.contains([':', '.', ',']), "{constant} does not say why: {said}");
    }
}

#[test]
fn no_limit_at_an_inlet_is_missing_from_the_page() {
    let rows = rows();
    let named: BTreeSet<String> = rows.into_iter().filter_map(|row| row.constant).collect();
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for (name, file) in INLETS {
        let path = root().join("shared").join(name).join("src").join(file).with_extension("rs");
        let text = std::fs::read_to_string(&path).expect("the inlet is there");
        for line in text.lines().filter(|line| !line.starts_with(' ')) {
            let Some((_, rest)) = line.split_once("const ") else { continue };
            let constant = rest.split(':').next().unwrap_or_default();
            if constant.contains("_MAX") || constant.contains("_MIN") {
                let place = format!("{name}::{}::{constant}", file.trim_end_matches("/mod").replace('/', "::"));
                found.insert(place.clone(), named.contains(&place) || BESIDE.contains(&constant));
            }
        }
    }
    assert!(found.len() >= 35, "constants are found: {found:?}");
    let missing: Vec<&String> = found.iter().filter(|(_, there)| !**there).map(|(name, _)| name).collect();
    assert_eq!(missing, Vec::<&String>::new(), "add a row to docs/limits.md");
}

/// What the page says of CSV and of compressed input holds as long as nothing that is linked could do otherwise.
#[test]
fn no_function_reads_or_writes_csv_or_unpacks() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let names: BTreeSet<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    assert!(names.contains("serde_json"), "the lock file is read");
    for name in [
        "csv",
        "csv-core",
        "flate2",
        "miniz_oxide",
        "zip",
        "brotli",
        "zstd",
        "zstd-sys",
        "async-compression",
        "lz4",
        "tar",
    ] {
        assert!(!names.contains(name), "{name} is linked: docs/limits.md needs its limits, and they need tests");
    }
}
