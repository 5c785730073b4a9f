//! What this crate says of a file: `cargo run -p edi --example check -- 945.edi`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use edi::guide::Guides;
use edi::verdict;

fn main() -> io::Result<ExitCode> {
    let Some(path) = std::env::args_os().nth(1) else {
        writeln!(io::stderr(), "usage: check FILE")?;
        return Ok(ExitCode::FAILURE);
    };
    let file = std::fs::read(path)?;
    let document = edi::read(&file);
    let mut out = io::stdout().lock();
    for finding in &document.findings {
        writeln!(out, "{finding} (byte {})", finding.place.byte_offset)?;
    }
    let mut rejected = !document.findings.is_empty();
    for interchange in &document.interchanges {
        let verdict = verdict::interchange(interchange, Guides::built_in());
        writeln!(out, "interchange {}: {:?}", verdict.control_number, verdict.verdict)?;
        let mut findings = verdict.findings.iter().collect::<Vec<_>>();
        for group in &verdict.groups {
            writeln!(out, "  group {} {}: {:?}", group.functional_id, group.control_number, group.outcome)?;
            findings.extend(&group.findings);
            for set in &group.sets {
                writeln!(out, "    set {} {}: {:?}", set.id, set.control_number, set.verdict)?;
                findings.extend(&set.findings);
            }
        }
        for finding in findings {
            rejected |= finding.rejects();
            writeln!(out, "  {finding} (byte {})", finding.place.byte_offset)?;
        }
    }
    Ok(if rejected { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
