//! `crossdock edi split`: a file for each set, group or interchange.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use edi::split;
use serde_json::json;

use super::report::Report;
use super::{Status, exists, input, put};
use crate::args::edi::{By, Split};
use crate::{Error, Out};

pub(super) fn run(options: &Split, out: &Out) -> Result<Status, Error> {
    fs::create_dir_all(&options.out).map_err(Error::io("create the folder", &options.out))?;
    let by = match options.by {
        By::Set => split::By::Set,
        By::Group => split::By::Group,
        By::Interchange => split::By::Interchange,
    };
    let mut used: HashMap<String, usize> = HashMap::new();
    input::each(&options.input, out, |input| {
        let document = edi::read(&input.bytes);
        let parts = split::split(&input.bytes, &document, by);
        let mut named: Vec<(PathBuf, &split::Part<'_>)> = Vec::new();
        for part in &parts {
            let path = options.out.join(unused(&part.name(), &mut used));
            if !options.force && path.exists() {
                return Err(exists(&path));
            }
            named.push((path, part));
        }
        for (path, part) in &named {
            put(&part.bytes, Some(path), options.force, out)?;
            let what = match part.by {
                split::By::Set => "set",
                split::By::Group => "group",
                split::By::Interchange => "interchange",
            };
            if out.is_json() {
                out.json(&json!({
                    "file": input.name, "part": path, "holds": what, "id": part.id, "standard": part.standard,
                    "control_numbers": part.control_numbers, "bytes": part.bytes.len(), "rejected": part.rejected,
                }));
            } else {
                let why = if part.rejected {
                    format!(", whole: the {what} is rejected for its envelope")
                } else {
                    String::new()
                };
                out.line(format_args!("{} ({} bytes{why})", path.display(), part.bytes.len()));
            }
        }
        for finding in &document.findings {
            out.aside(format_args!("{}: {} (byte {})", input.name, finding.message, finding.place.byte_offset));
        }
        Ok(Report::of(&document).status())
    })
}

/// A name that no part of this run has yet, with its ending.
fn unused(name: &str, used: &mut HashMap<String, usize>) -> String {
    let count = used.entry(name.to_owned()).or_default();
    *count += 1;
    if *count == 1 { format!("{name}.edi") } else { format!("{name}-{count}.edi") }
}
