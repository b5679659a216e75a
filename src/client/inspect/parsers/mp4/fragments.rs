//! The samples of a fragment (`moof`), added to those of its tracks.

use super::boxes::{BoxAt, Table, find};
use super::tracks::{Defaults, Track};
use crate::client::inspect::reader::{Fields, Read, Reader};

/// The flag of a sample that cannot be decoded by itself.
const NOT_SYNC: u32 = 0x1_0000;

/// Adds the samples of a fragment that begins at this place to the tracks.
pub(super) fn read(reader: &mut Reader, moof: BoxAt, begins: u64, tracks: &mut [Track]) -> Read<()> {
    for traf in moof.children(reader)?.iter().filter(|found| found.kind == *b"traf") {
        let boxes = traf.children(reader)?;
        let Some(header) = find(&boxes, b"tfhd") else { continue };
        let header = header.read(reader)?;
        let Some((id, fields)) = track_id(&header) else { continue };
        let Some(track) = tracks.iter_mut().find(|track| track.id == id) else { continue };
        let Some((base, defaults)) = header_fields(&header, fields, begins, track.defaults) else { continue };
        let mut run = Run { base, next: base, defaults };
        for trun in boxes.iter().filter(|found| found.kind == *b"trun") {
            run.read(reader, *trun, track)?;
        }
    }
    Ok(())
}

fn track_id(header: &[u8]) -> Option<(u32, &[u8])> {
    let mut fields = Fields(header.get(4..)?);
    let id = fields.u32()?;
    Some((id, fields.0))
}

/// Where the fragment's data is counted from, and what its samples are where they do not say so.
fn header_fields(header: &[u8], fields: &[u8], begins: u64, mut defaults: Defaults) -> Option<(u64, Defaults)> {
    let flags = Fields(header).u32()?;
    let mut fields = Fields(fields);
    let base = if flags & 0x01 != 0 { fields.u64()? } else { begins };
    if flags & 0x02 != 0 {
        fields.skip(4)?;
    }
    if flags & 0x08 != 0 {
        defaults.duration = fields.u32()?;
    }
    if flags & 0x10 != 0 {
        defaults.size = fields.u32()?;
    }
    if flags & 0x20 != 0 {
        defaults.flags = fields.u32()?;
    }
    Some((base, defaults))
}

/// The samples of a fragment that stand one after another.
struct Run {
    base: u64,
    next: u64,
    defaults: Defaults,
}

impl Run {
    /// Reads a `trun` box (ISO/IEC 14496-12, 8.8.8).
    fn read(&mut self, reader: &mut Reader, trun: BoxAt, track: &mut Track) -> Read<()> {
        let head_len = usize::try_from(trun.end - trun.body).unwrap_or(0).min(16);
        let head = reader.index(trun.body, head_len, trun.end)?.to_vec();
        let mut fields = Fields(&head);
        let Some((flags, count)) = fields.u32().zip(fields.u32()) else { return Ok(()) };
        let mut at = trun.body + 8;
        if flags & 0x01 != 0 {
            let offset = fields.u32().unwrap_or(0).cast_signed();
            self.next = self.base.saturating_add_signed(offset.into());
            at += 4;
        }
        let mut first_flags = None;
        if flags & 0x04 != 0 {
            first_flags = fields.u32();
            at += 4;
        }
        let present = [0x100, 0x200, 0x400, 0x800].map(|field| flags & field != 0);
        let width = 4 * present.iter().filter(|field| **field).count();
        if width == 0 {
            self.take_alike(count.into(), first_flags, track);
            return Ok(());
        }
        let [has_duration, has_size, has_flags, _] = present;
        let defaults = self.defaults;
        Table::new(at, trun.end, width, count.into()).each(reader, |entry| {
            let mut next = |present: bool, default: u32| match present {
                true => entry.u32().unwrap_or(default),
                false => default,
            };
            let duration = next(has_duration, defaults.duration);
            let size = next(has_size, defaults.size);
            let flags = next(has_flags, defaults.flags);
            self.take(duration, size, first_flags.take().unwrap_or(flags), track);
        })
    }

    /// Samples of which nothing is said but how many there are: they cost nothing, however many that is.
    fn take_alike(&mut self, count: u64, first_flags: Option<u32>, track: &mut Track) {
        let Defaults { duration, size, flags } = self.defaults;
        let Some(rest) = count.checked_sub(1) else { return };
        self.take(duration, size, first_flags.unwrap_or(flags), track);
        let samples = &mut track.samples;
        samples.count = samples.count.saturating_add(rest);
        samples.duration = samples.duration.saturating_add(rest * u64::from(duration));
        samples.bytes = samples.bytes.saturating_add(rest * u64::from(size));
        samples.peak.push(rest, duration.into());
        if flags & NOT_SYNC == 0 {
            samples.groups.all_sync(rest);
        } else if rest > 0 {
            samples.mixed = true;
        }
        samples.groups.advance(rest);
        self.next = self.next.saturating_add(rest * u64::from(size));
    }

    fn take(&mut self, duration: u32, size: u32, flags: u32, track: &mut Track) {
        let samples = &mut track.samples;
        samples.count = samples.count.saturating_add(1);
        samples.duration = samples.duration.saturating_add(duration.into());
        samples.bytes = samples.bytes.saturating_add(size.into());
        samples.peak.push(1, duration.into());
        if flags & NOT_SYNC == 0 {
            samples.groups.sync_at(0);
            samples.spots.push((self.next, size.into()));
        } else {
            samples.mixed = true;
        }
        samples.groups.advance(1);
        self.next = self.next.saturating_add(size.into());
    }
}
