//! Who may depend on whom. What is asked of cargo is the resolved graph, so that a dependency of a dependency counts.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Crates that decide and never do: no I/O, no clock, no environment.
const PURE: [&str; 7] = ["canonical", "edi", "partners", "formats", "steps", "ports", "handlers"];

/// What a pure crate must not reach, by the start of a name. Build scripts and procedural macros run elsewhere.
const IMPURE: [&str; 8] = ["tokio", "aws-", "aws_", "lambda_", "reqwest", "hyper", "mio", "socket2"];

/// Begin like what is impure and only compute: public keys are verified with them.
const COMPUTES: [&str; 2] = ["aws-lc-rs", "aws-lc-sys"];

/// The house from the ground up: a crate may use those of its line. What is not here stands on top and may use all.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("edi", &[]),
    ("canonical", &[]),
    ("partners", &["canonical", "edi"]),
    ("formats", &["partners", "canonical", "edi"]),
    ("steps", &["formats", "partners", "canonical", "edi"]),
    ("ports", &["partners", "canonical"]),
    ("handlers", &["steps", "formats", "partners", "canonical", "edi", "ports"]),
    ("aws", &["ports", "partners", "canonical"]),
    ("sim", &["handlers", "steps", "formats", "partners", "canonical", "edi", "ports"]),
    ("lambda", &["handlers", "steps", "formats", "partners", "canonical", "edi", "ports"]),
];

/// Speaks to AWS and to partners; nobody else imports what does.
const OUTWARD: &str = "aws";
const OUTWARD_CRATES: [&str; 4] = ["aws-sdk-", "aws-config", "aws-smithy-", "reqwest"];

/// The second, older TLS stack that the SDKs bring along by default.
const OLD_TLS: [(&str, &str); 2] = [("hyper", "0.14."), ("rustls", "0.21.")];

/// A workspace as cargo resolves it.
#[derive(Clone, Default)]
struct Graph {
    /// Crate to the crates that it is linked with, by name; all versions of a name together.
    uses: BTreeMap<String, BTreeSet<String>>,
    members: BTreeSet<String>,
    /// Names and versions of everything locked.
    locked: BTreeSet<(String, String)>,
}

impl Graph {
    fn load() -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked"])
            // Crates of other systems need not be fetched; functions run on Linux.
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(crate::root())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo answers with JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let packages = metadata["packages"].as_array().expect("packages");
        let names: BTreeMap<String, String> =
            packages.iter().map(|one| (text(&one["id"]), text(&one["name"]))).collect();
        let macros: BTreeSet<String> = packages
            .iter()
            .filter(|one| {
                one["targets"]
                    .as_array()
                    .is_some_and(|targets| targets.iter().any(|target| target["kind"][0] == "proc-macro"))
            })
            .map(|one| text(&one["id"]))
            .collect();
        let mut graph = Self {
            members: metadata["workspace_members"]
                .as_array()
                .expect("members")
                .iter()
                .map(|id| names[&text(id)].clone())
                .collect(),
            locked: locked(),
            ..Self::default()
        };
        for node in metadata["resolve"]["nodes"].as_array().expect("nodes") {
            let uses = graph.uses.entry(names[&text(&node["id"])].clone()).or_default();
            for dependency in node["deps"].as_array().expect("dependencies") {
                let linked =
                    dependency["dep_kinds"].as_array().expect("kinds").iter().any(|kind| kind["kind"].is_null());
                let id = text(&dependency["pkg"]);
                if linked && !macros.contains(&id) {
                    uses.insert(names[&id].clone());
                }
            }
        }
        graph
    }

    /// Adds a dependency, as a careless change would.
    fn with(&self, name: &str, uses: &str) -> Self {
        let mut graph = self.clone();
        graph.uses.entry(name.to_owned()).or_default().insert(uses.to_owned());
        graph.members.insert(name.to_owned());
        graph
    }

    fn reaches(&self, name: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![name];
        while let Some(next) = open.pop() {
            for used in self.uses.get(next).into_iter().flatten() {
                if seen.insert(used.as_str()) {
                    open.push(used);
                }
            }
        }
        seen
    }

    fn pure_crates_stay_pure(&self) -> Vec<String> {
        let impure = |name: &str| IMPURE.iter().any(|start| name.starts_with(start)) && !COMPUTES.contains(&name);
        PURE.into_iter()
            .flat_map(|name| {
                self.reaches(name)
                    .into_iter()
                    .filter(|used| impure(used))
                    .map(move |used| format!("{name} reaches {used}"))
            })
            .collect()
    }

    fn arrows_point_down(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, allowed) in MAY_USE {
            let used = self.uses.get(name).into_iter().flatten().filter(|used| self.members.contains(*used));
            wrong.extend(
                used.filter(|used| !allowed.contains(&used.as_str())).map(|used| format!("{name} uses {used}")),
            );
        }
        wrong
    }

    fn only_one_crate_speaks_outward(&self) -> Vec<String> {
        let outward = |name: &str| OUTWARD_CRATES.iter().any(|start| name.starts_with(start));
        self.members
            .iter()
            .filter(|name| *name != OUTWARD)
            .flat_map(|name| {
                self.uses
                    .get(name)
                    .into_iter()
                    .flatten()
                    .filter(|used| outward(used))
                    .map(move |used| format!("{name} uses {used}"))
            })
            .collect()
    }

    fn there_is_one_tls_stack(&self) -> Vec<String> {
        let old =
            |name: &str, version: &str| OLD_TLS.iter().any(|(old, start)| name == *old && version.starts_with(start));
        self.locked
            .iter()
            .filter(|(name, version)| old(name, version))
            .map(|(name, version)| format!("{name} {version}"))
            .collect()
    }
}

/// Names and versions in the lock file: for every system, whether it is built or not.
fn locked() -> BTreeSet<(String, String)> {
    let lock = std::fs::read_to_string(crate::root().join("Cargo.lock")).expect("a lock file");
    let field = |line: Option<&str>, name: &str| {
        let value = line?.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"')?;
        Some(value.to_owned())
    };
    let mut lines = lock.lines();
    let mut locked = BTreeSet::new();
    while let Some(line) = lines.next() {
        if let Some(name) = field(Some(line), "name") {
            locked.insert((name, field(lines.next(), "version").expect("a version after the name")));
        }
    }
    locked
}

#[test]
fn the_crates_keep_every_rule() {
    let graph = Graph::load();
    assert_eq!(graph.pure_crates_stay_pure(), Vec::<String>::new());
    assert_eq!(graph.arrows_point_down(), Vec::<String>::new());
    assert_eq!(graph.only_one_crate_speaks_outward(), Vec::<String>::new());
    assert_eq!(graph.there_is_one_tls_stack(), Vec::<String>::new());
}

#[test]
fn every_crate_of_the_house_is_there() {
    let graph = Graph::load();
    for name in PURE.into_iter().chain(MAY_USE.map(|(name, _)| name)) {
        assert!(graph.members.contains(name), "{name} is not a member: the rule on it would hold of nothing");
    }
}

#[test]
fn each_rule_names_its_mutant() {
    let graph = Graph::load();
    for name in PURE {
        assert!(graph.with(name, "tokio").pure_crates_stay_pure().contains(&format!("{name} reaches tokio")));
    }
    let through = graph.with("canonical", "innocent").with("innocent", "aws-config");
    assert!(
        through.pure_crates_stay_pure().contains(&"formats reaches aws-config".to_owned()),
        "it counts through others"
    );
    assert_eq!(graph.with("canonical", "steps").arrows_point_down(), ["canonical uses steps"]);
    assert_eq!(graph.with("edi", "canonical").arrows_point_down(), ["edi uses canonical"]);
    assert_eq!(graph.with("ports", "handlers").arrows_point_down(), ["ports uses handlers"]);
    assert_eq!(graph.with("crossdock", "aws-sdk-sqs").only_one_crate_speaks_outward(), ["crossdock uses aws-sdk-sqs"]);
    assert!(graph.locked.iter().any(|(name, _)| name == "serde_json"), "the lock file is read");
    let mut old = graph;
    old.locked.insert(("hyper".to_owned(), "0.14.32".to_owned()));
    assert_eq!(old.there_is_one_tls_stack(), ["hyper 0.14.32"]);
}
