//! What a file is, and whether X takes it: found out of its index, before a byte is sent.
//!
//! The formats' readers ([`inspect`]) give facts, the table of [`rules`] is held against them, and [`Report`] says what is
//! wrong and how to mend it. A file may say anything of itself: what is read, allocated and computed is bounded
//! ([`reader`]), and what cannot be understood is unknown, never refused.

mod aac;
mod codecs;
pub mod facts;
mod fix;
pub mod format;
mod gif;
mod image;
pub mod limits;
mod mp4;
pub mod reader;
mod report;
pub mod rules;
mod subtitles;
mod webm;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use facts::Inspection;
pub use reader::{FileBytes, ReadBytes};
pub use report::{Finding, Report};
pub use rules::Level;

use super::x_limits::Account;
use facts::{Content, Unknown};
use format::Format;
use reader::{Read, Reader, Stop};

/// How much of a file shows its format.
const HEAD: usize = 4096;

/// What a file is held against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// The category; `None` is the one that an upload would send, and empty text is none.
    pub media_category: Option<String>,
    /// Whose limits hold; `None` is not known.
    pub account: Option<Account>,
}

/// Looks at a file and holds it against the rules. Only the operating system's errors are errors.
pub fn check(bytes: &mut dyn ReadBytes, name: Option<&str>, options: &CheckOptions) -> io::Result<Report> {
    let inspection = inspect(bytes, name)?;
    Ok(Report::of(&inspection, options))
}

/// Finds out what a file is.
pub fn inspect(bytes: &mut dyn ReadBytes, name: Option<&str>) -> io::Result<Inspection> {
    let size = bytes.total_bytes();
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let mut inspection = Inspection::default();
        let outcome = read(&mut Reader::new(bytes), name, &mut inspection);
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

fn read(reader: &mut Reader, name: Option<&str>, inspection: &mut Inspection) -> Read<()> {
    let head = reader.data(0, HEAD)?;
    if let Some(kind) = subtitles::kind(name, &head) {
        subtitles::read(kind, inspection);
        return Ok(());
    }
    if gif::is_gif(&head) {
        return gif::read(reader, inspection);
    }
    if let Some(kind) = image::kind(&head) {
        return image::read(reader, kind, inspection);
    }
    if webm::is_matroska(&head) {
        return webm::read(reader, inspection);
    }
    let shown = format::of_head(&head);
    if let Some(Format::Foreign(foreign)) = shown {
        inspection.facts.container = Some(foreign.name.to_lowercase());
        inspection.foreign = Some(foreign);
        return Ok(());
    }
    if mp4::is_mp4(&head) {
        return mp4::read(reader, inspection);
    }
    if shown == Some(Format::Taken("video/mp2t")) {
        inspection.facts.container = Some("mpegts".to_owned());
        inspection.facts.media_type = Some("video/mp2t".to_owned());
        inspection.content = Content::Video;
        inspection.not_understood(Some("what is inside MPEG-TS"));
        return Ok(());
    }
    Err(Unknown::Format.into())
}
