//! Which parser reads a file: its first bytes say it, or the name where text has none of its own.

use super::{gif, image, mp4, mpegts, subtitles, webm};
use crate::client::inspect::facts::{Inspection, Unknown};
use crate::client::inspect::format::{self, Foreign, Format};
use crate::client::inspect::reader::{Read, Reader, Stop};
use crate::client::inspect::tag;

/// How much of a file shows its format.
const HEAD: usize = 4096;

/// Reads what the file's format says of it.
pub fn read(reader: &mut Reader, name: Option<&str>, inspection: &mut Inspection) -> Read<()> {
    let head = reader.data(0, HEAD)?;
    if let Some(media_type) = format::of_subtitles(name, &head) {
        subtitles::read(media_type, inspection);
        return Ok(());
    }
    if gif::is_gif(&head) {
        return gif::read(reader, inspection);
    }
    if let Some(kind) = image::kind(&head) {
        return image::read(reader, kind, inspection);
    }
    if webm::is_matroska(&head) {
        return match (webm::read(reader, inspection), format::of_head(&head)) {
            // That it is no WebM stands in its first bytes, and X takes it in no case.
            (Err(Stop::Unknown(_)), Some(Format::Foreign(foreign))) => refuse(foreign, inspection),
            (read, _) => read,
        };
    }
    if let Some(end) = tag::end_of_tag(&head)
        && format::is_no_sound(&reader.data(end, HEAD)?)
    {
        return Err(Unknown::Format.into());
    }
    let shown = format::of_head(&head);
    if let Some(Format::Foreign(foreign)) = shown {
        return refuse(foreign, inspection);
    }
    if mp4::is_mp4(&head) {
        return mp4::read(reader, inspection);
    }
    if shown == Some(Format::Taken("video/mp2t")) {
        return mpegts::read(reader, inspection);
    }
    Err(Unknown::Format.into())
}

fn refuse(foreign: Foreign, inspection: &mut Inspection) -> Read<()> {
    inspection.facts.container = Some(foreign.name.to_lowercase());
    inspection.foreign = Some(foreign);
    Ok(())
}
