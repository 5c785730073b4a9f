//! Reports that wait for the end of what they stand in, for it may be rejected as a whole. A file may have any number of
//! them, so they do not wait in memory.

use std::io::{self, BufRead as _, BufReader, Read, Seek as _, Write as _};

use edi::report::Report;
use tempfile::SpooledTempFile;

use super::Status;
use super::report::status_of;
use crate::Error;

/// Bytes of reports kept in memory; more of them go to a temporary file. Some five thousand reports.
pub(super) const MEMORY_MAX: usize = 1024 * 1024;

/// Reports in a row, each a line of JSON.
pub(super) struct Spool {
    file: SpooledTempFile,
    worst: Option<Status>,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self { file: SpooledTempFile::new(MEMORY_MAX), worst: None }
    }

    /// How the worst of them stands; `None` if there is none.
    pub(super) fn worst(&self) -> Option<Status> {
        self.worst
    }

    pub(super) fn push(&mut self, report: &Report) -> Result<(), Error> {
        let mut line = serde_json::to_vec(report).map_err(Error::json("a verdict"))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(temporary)?;
        self.worst = self.worst.max(Some(status_of(report)));
        Ok(())
    }

    pub(super) fn push_if(&mut self, report: Option<&Report>) -> Result<(), Error> {
        report.map_or(Ok(()), |report| self.push(report))
    }

    /// Takes all of another one, which is then empty.
    pub(super) fn append(&mut self, other: &mut Self) -> Result<(), Error> {
        self.worst = self.worst.max(other.worst);
        io::copy(other.rewound()?, &mut self.file).map_err(temporary)?;
        other.clear()
    }

    /// Shows each, in order.
    pub(super) fn each(&mut self, mut show: impl FnMut(Report) -> Result<(), Error>) -> Result<(), Error> {
        for line in BufReader::new(self.rewound()?).lines() {
            let line = line.map_err(temporary)?;
            show(serde_json::from_str(&line).map_err(Error::json("a verdict"))?)?;
        }
        Ok(())
    }

    /// Shows the lines as they stand, some at a time.
    pub(super) fn bytes(&mut self, mut show: impl FnMut(&[u8])) -> Result<(), Error> {
        let mut reader = BufReader::with_capacity(MEMORY_MAX, self.rewound()?);
        loop {
            let bytes = reader.fill_buf().map_err(temporary)?;
            let len = bytes.len();
            if len == 0 {
                return Ok(());
            }
            show(bytes);
            reader.consume(len);
        }
    }

    pub(super) fn clear(&mut self) -> Result<(), Error> {
        self.worst = None;
        self.file.rewind().and_then(|()| self.file.set_len(0)).map_err(temporary)
    }

    fn rewound(&mut self) -> Result<&mut impl Read, Error> {
        self.file.rewind().map_err(temporary)?;
        Ok(&mut self.file)
    }
}

pub(super) fn temporary(error: io::Error) -> Error {
    Error::io("use a temporary file in", std::env::temp_dir())(error)
}
