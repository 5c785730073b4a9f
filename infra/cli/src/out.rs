//! Where everything that is printed goes: results to stdout, the way there to stderr.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// Prints. With `--json`, stdout holds JSON alone and what people read goes to stderr.
#[derive(Debug)]
pub struct Out {
    json: bool,
    silent: bool,
    bar: ProgressBar,
    last: Mutex<String>,
}

impl Out {
    /// A printer.
    pub fn new(json: bool) -> Self {
        Self { json, silent: false, bar: ProgressBar::hidden(), last: Mutex::default() }
    }

    /// A printer that prints nothing.
    pub fn silent() -> Self {
        Self { silent: true, ..Self::new(false) }
    }

    /// Whether machines read the result.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people.
    pub fn line(&self, text: impl Display) {
        if self.silent {
            return;
        }
        self.bar.suspend(|| {
            // Whoever closed the pipe has seen enough: that is no error.
            let _ =
                if self.json { writeln!(std::io::stderr(), "{text}") } else { writeln!(std::io::stdout(), "{text}") };
        });
    }

    /// A result for machines: one line of JSON on stdout.
    pub fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stdout(), "{text}");
        });
    }

    /// Several results for machines, a line each; written together, for there may be very many.
    pub fn json_lines<T: Serialize>(&self, values: impl IntoIterator<Item = T>) {
        let mut lines = Vec::new();
        for value in values {
            if serde_json::to_writer(&mut lines, &value).is_ok() {
                lines.push(b'\n');
            }
        }
        self.bytes(&lines);
    }

    /// A result as it is: bytes on stdout.
    pub fn bytes(&self, bytes: &[u8]) {
        self.bar.suspend(|| {
            let mut stdout = std::io::stdout();
            let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
        });
    }

    /// A line for people beside a result that is for machines, or what went wrong on the way.
    pub fn aside(&self, text: impl Display) {
        if !self.silent {
            self.bar.suspend(|| {
                let _ = writeln!(std::io::stderr(), "{text}");
            });
        }
    }

    /// Says what is being done: a spinner where somebody watches, a line each where nobody does.
    pub fn progress(&self, text: &str) {
        if self.silent {
            return;
        }
        if self.spins(text) {
            return;
        }
        let Ok(mut last) = self.last.lock() else {
            return;
        };
        if *last != text {
            text.clone_into(&mut last);
            let _ = writeln!(std::io::stderr(), "… {text}");
        }
    }

    /// Says what is waited for, for those who watch; nothing where nobody does.
    pub fn waits(&self, text: &str) {
        if !self.silent {
            self.spins(text);
        }
    }

    /// Sets the spinner's text, if there is somebody to see it.
    fn spins(&self, text: &str) -> bool {
        let watched = std::io::stderr().is_terminal();
        if watched {
            if self.bar.is_hidden() {
                self.bar.reset();
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
                self.bar.set_style(
                    ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
                        .unwrap_or_else(|_| ProgressStyle::default_spinner()),
                );
                self.bar.enable_steady_tick(Duration::from_millis(120));
            }
            self.bar.set_message(text.to_owned());
        }
        watched
    }

    /// Ends the spinner.
    pub fn progress_done(&self) {
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// Text in columns, parted by two blanks. The last column is not padded.
pub(crate) fn columns<const N: usize>(head: [&'static str; N], rows: &[[String; N]]) -> String {
    let mut columns = Columns::new(head);
    for row in rows {
        columns.fit(row);
    }
    let lines: Vec<String> = std::iter::once(columns.head()).chain(rows.iter().map(|row| columns.line(row))).collect();
    lines.join("\n")
}

/// Columns for rows that are not all there at once: each has to be fitted before the first line is made.
pub(crate) struct Columns<const N: usize> {
    head: [&'static str; N],
    widths: [usize; N],
}

impl<const N: usize> Columns<N> {
    pub(crate) fn new(head: [&'static str; N]) -> Self {
        Self { head, widths: head.map(|text| text.chars().count()) }
    }

    /// Makes room for a row.
    pub(crate) fn fit(&mut self, row: &[String; N]) {
        for (width, cell) in self.widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }

    /// The head with a rule under it.
    pub(crate) fn head(&self) -> String {
        let rule = self.widths.map(|width| "─".repeat(width)).join("  ");
        format!("{}\n{rule}", self.line(&self.head))
    }

    pub(crate) fn line(&self, cells: &[impl AsRef<str>; N]) -> String {
        let padded = cells.iter().zip(self.widths).map(|(cell, width)| format!("{:width$}", cell.as_ref()));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ä".to_owned(), "long".to_owned()], ["bb".to_owned(), String::new()]];
        assert_eq!(columns(["x", "y"], &rows), "x   y\n──  ────\nä   long\nbb");
    }
}
