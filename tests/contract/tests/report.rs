//! The table of what was found, and the part of `docs/emulator-deviations.md` that is made of it.

use std::fmt::Write as _;

use crate::statements::Statement;

const BEGIN: &str =
    "<!-- Begin of what the contract suite found. `CROSSDOCK_BLESS=1 cargo test -p contract` writes it. -->";
const END: &str = "<!-- End of what the contract suite found. -->";

/// A statement that does not hold, and what was seen instead.
pub(crate) struct Deviation<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) seen: String,
}

/// The generated part of the document.
pub(crate) fn section(emulator: &str, statements: &[&Statement], deviations: &[Deviation<'_>]) -> String {
    let mut text = format!(
        "{BEGIN}\n\nOf {} statements {} hold on **{emulator}**. These do not; all of them hold in the simulator.\n\n",
        statements.len(),
        statements.len() - deviations.len(),
    );
    text.push_str("| Statement | Of | Expected of AWS | The emulator | What follows | Since |\n");
    text.push_str("|---|---|---|---|---|---|\n");
    for Deviation { statement, seen } in deviations {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            statement.id,
            statement.area,
            statement.words,
            seen.replace('|', "\\|"),
            statement.follows,
            statement.date,
        );
    }
    let _ = write!(text, "\n| Service | Statements | Deviations |\n|---|---|---|\n");
    let mut areas: Vec<&str> = statements.iter().map(|statement| statement.area).collect();
    areas.dedup();
    for area in areas {
        let count = statements.iter().filter(|statement| statement.area == area).count();
        let deviating = deviations.iter().filter(|deviation| deviation.statement.area == area).count();
        let _ = writeln!(text, "| {area} | {count} | {deviating} |");
    }
    let _ = write!(text, "\n{END}");
    text
}

/// The generated part of a document, if it has one.
pub(crate) fn section_of(document: &str) -> Option<&str> {
    let begin = document.find(BEGIN)?;
    let end = document.find(END)? + END.len();
    document.get(begin..end)
}

/// What the generated part says is seen in place of a statement; none if it says that it holds.
pub(crate) fn expected<'a>(section: &'a str, id: &str) -> Option<&'a str> {
    let row = section.lines().find(|line| line.starts_with(&format!("| `{id}` | ")))?;
    row.split(" | ").nth(3)
}
