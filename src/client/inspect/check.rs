//! The two ways in: what a file is, and whether X takes it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::facts::{Inspection, Unknown};
use super::parsers;
use super::reader::{ReadBytes, Reader, Stop};
use super::report::Report;
use super::rules::CheckOptions;

/// Looks at a file and checks it against the rules. Only the operating system's errors are errors.
pub fn check(bytes: &mut dyn ReadBytes, name: Option<&str>, options: &CheckOptions) -> io::Result<Report> {
    let inspection = inspect(bytes, name)?;
    Ok(Report::of(&inspection, options))
}

/// Finds out what a file is.
pub fn inspect(bytes: &mut dyn ReadBytes, name: Option<&str>) -> io::Result<Inspection> {
    let size = bytes.total_bytes();
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let mut inspection = Inspection::default();
        let outcome = parsers::read(&mut Reader::new(bytes), name, &mut inspection);
        (inspection, outcome)
    }));
    let (mut inspection, unknown) = match parsed {
        Ok((inspection, Ok(()))) => (inspection, None),
        Ok((_, Err(Stop::Io(error)))) => return Err(error),
        Ok((inspection, Err(Stop::Unknown(unknown)))) => (inspection, Some(unknown)),
        Err(_) => (Inspection::default(), Some(Unknown::Parser)),
    };
    if let Some(unknown) = unknown {
        // Half of the facts might be wrong.
        inspection = Inspection { unknown: Some(unknown), ..Inspection::default() };
    }
    inspection.facts.size = size;
    Ok(inspection)
}
