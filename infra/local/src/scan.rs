//! `template.yaml` as `CloudFormation` sees it, and the stock scanners over it and over the lock file.

#![expect(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::python::{environment, run};
use crate::{Error, scratch, workspace};

/// What checkov asks for and is not done, each with the reason. The one list: what it finds beside these fails the check,
/// and so does a row that it no longer finds. cfn-lint has none.
const WAIVED: [(&str, &str); 9] = [
    ("CKV_AWS_18", "who reads a bucket is told by CloudTrail; a bucket of access logs would be one more to keep shut"),
    (
        "CKV_AWS_26",
        "alarms could not publish: CloudWatch may not use the key of SNS, and they carry names and counts only",
    ),
    (
        "CKV_AWS_27",
        "encrypted with the key of SQS (`SqsManagedSseEnabled`), which it does not know in queues without KMS",
    ),
    ("CKV_AWS_115", "queues hold back what is too much: `MaximumConcurrency` at each mapping, a throttle at the API"),
    (
        "CKV_AWS_116",
        "is for asynchronous calls: queues have dead-letter queues, and the schedule calls again in a minute",
    ),
    ("CKV_AWS_117", "nothing it calls is in a VPC; outgoing addresses are checked by the function itself"),
    ("CKV_AWS_119", "encrypted with the key that DynamoDB owns: a key of ours would be one more way to lose the table"),
    ("CKV_AWS_158", "CloudWatch encrypts with a key of its own, and logs hold names of fields, not what partners sent"),
    ("CKV_AWS_173", "the environment holds names of resources; secrets are in Secrets Manager"),
];

/// Templates as `CloudFormation` expands them: each a template as JSON, or the path of a file with one.
///
/// # Errors
///
/// [`Error::Expand`] with the first that cannot be expanded; and what installing can fail with.
pub async fn expand(templates: &[Value], progress: &(dyn Fn(&str) + Sync)) -> Result<Vec<Value>, Error> {
    let python = environment("venv", "requirements.txt", progress).await?;
    let script = workspace().join("infra/local/expand.py");
    let failed = |reason: String| Error::Expand { reason };
    let mut child = Command::new(&python)
        .arg(&script)
        .env_remove("PYTHONPATH")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::io("run", &python))?;
    if let Some(mut input) = child.stdin.take() {
        // If it is gone already, its status says why.
        let _ = input.write_all(json!(templates).to_string().as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(Error::io("run", &python))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let expanded: Vec<Value> = serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
    match expanded.iter().find_map(|one| one.get("error")) {
        Some(reason) => Err(failed(reason.to_string())),
        None => Ok(expanded),
    }
}

/// Checks `template.yaml` with the pinned cfn-lint, as it is written and as it is expanded, and the latter with the pinned
/// checkov. Needs no network once their packages are there.
///
/// # Errors
///
/// [`Error::Lint`] with the findings; [`Error::Expand`]; and what installing can fail with.
pub async fn lint_template(progress: &(dyn Fn(&str) + Sync)) -> Result<(), Error> {
    let template = workspace().join("template.yaml");
    let expanded = expand(&[json!(template)], progress).await?;
    let file = scratch().join("expanded-template.json");
    let text = expanded.first().map(Value::to_string).unwrap_or_default();
    fs::write(&file, text).map_err(Error::io("write", &file))?;

    let python = environment("lint", "requirements-lint.txt", progress).await?;
    progress("checking template.yaml with cfn-lint, as written and expanded");
    // As its own command does: the package has no `__main__`.
    let main = "from cfnlint.runner import main; raise SystemExit(main())";
    run(Command::new(&python).args(["-c", main]).arg(&template).arg(&file), &python)
        .await?
        .map_err(|findings| Error::Lint { scanner: "cfn-lint", findings })?;

    let python = environment("scan", "requirements-scan.txt", progress).await?;
    progress("checking the expanded template with checkov");
    scan(&python, &file).await
}

/// Holds `Cargo.lock` against `deny.toml`: licences, bans and sources, with the pinned cargo-deny. Needs no network once
/// that is there; advisories would.
///
/// # Errors
///
/// [`Error::Deny`] with the findings; and what installing can fail with.
pub async fn deny(progress: &(dyn Fn(&str) + Sync)) -> Result<(), Error> {
    let python = environment("deny", "requirements-deny.txt", progress).await?;
    let deny = python.with_file_name("cargo-deny");
    progress("checking Cargo.lock against deny.toml");
    let mut command = Command::new(&deny);
    command.args(["--offline", "--log-level", "error", "--manifest-path"]).arg(workspace().join("Cargo.toml"));
    command.args(["check", "licenses", "bans", "sources"]);
    run(&mut command, &deny).await?.map_err(|findings| Error::Deny { findings })
}

/// What checkov finds is what is waived, no more and no less.
async fn scan(python: &Path, file: &Path) -> Result<(), Error> {
    let refused = |findings: String| Error::Lint { scanner: "checkov", findings };
    let output = Command::new(python)
        .args(["-m", "checkov.main", "--framework", "cloudformation", "--quiet", "--compact", "--skip-download"])
        .args(["--soft-fail", "--output", "json", "--file"])
        .arg(file)
        .env_remove("PYTHONPATH")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(Error::io("run", python))?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| refused(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()))?;
    let findings = judge(&report);
    if findings.is_empty() { Ok(()) } else { Err(refused(findings)) }
}

/// What a report holds against the template after the waivers; empty if nothing.
fn judge(report: &Value) -> String {
    // What checked nothing found nothing.
    if report["summary"]["passed"].as_u64().unwrap_or_default() == 0 {
        return "nothing was checked".to_owned();
    }
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for check in report["results"]["failed_checks"].as_array().into_iter().flatten() {
        let (id, resource) = (check["check_id"].as_str(), check["resource"].as_str());
        found.entry(id.unwrap_or("?")).or_default().insert(resource.unwrap_or("?"));
    }
    let mut findings = String::new();
    for (id, resources) in found.iter().filter(|(id, _)| !WAIVED.iter().any(|(waived, _)| waived == *id)) {
        // Writing into a string does not fail.
        let _ = writeln!(findings, "{id}: {resources:?}; mend it, or waive it with a reason in {}", file!());
    }
    for (id, _) in WAIVED.iter().filter(|(id, _)| !found.contains_key(id)) {
        let _ = writeln!(findings, "{id}: is waived in {} and no longer found: remove the row", file!());
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(ids: &[&str]) -> Value {
        let failed: Vec<Value> = ids.iter().map(|id| json!({"check_id": id, "resource": "It"})).collect();
        json!({"summary": {"passed": 1}, "results": {"failed_checks": failed}})
    }

    #[test]
    fn what_is_found_is_what_is_waived() {
        let mut ids = WAIVED.map(|(id, _)| id).to_vec();
        assert_eq!(judge(&report(&ids)), "");
        ids.push("CKV_AWS_21");
        assert!(judge(&report(&ids)).contains("CKV_AWS_21: {\"It\"}"));
        assert!(judge(&report(&ids[1..ids.len() - 1])).contains("CKV_AWS_18: is waived"));
        assert_eq!(judge(&json!({"results": {}})), "nothing was checked");
    }
}
