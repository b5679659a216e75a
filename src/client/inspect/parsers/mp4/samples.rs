//! The sample tables of a track: how many samples there are, how long they take, which are key frames and where those are.

use super::boxes::{BoxAt, Table, find};
use super::frame_rate::PeakRate;
use super::meters::{Groups, Spread};
use crate::client::inspect::facts::Unknown;
use crate::client::inspect::reader::{Fields, Read, Reader};

/// A place in the file where a sample stands, and how long it is.
pub(super) type Spot = (u64, u64);

/// What the tables say.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub(super) count: u64,
    /// In the media's timescale.
    pub(super) duration: u64,
    /// Bytes of all samples.
    pub(super) bytes: u64,
    pub(super) peak: PeakRate,
    pub(super) groups: Groups,
    /// Where some key frames stand.
    pub(super) spots: Spread<Spot>,
    /// Some key frames are said to be no full ones, which is how QuickTime writes open groups.
    pub(super) partial_sync: bool,
    /// How far those samples reach in the file that were located; at least to where the last chunk begins.
    pub(super) end: u64,
    /// There are key frames and others.
    pub(super) mixed: bool,
}

impl Samples {
    /// Reads the tables of a `stbl` box.
    pub(super) fn read(reader: &mut Reader, tables: &[BoxAt], timescale: u64, is_video: bool) -> Read<Self> {
        let mut samples = Samples { peak: PeakRate::new(timescale), ..Samples::default() };
        if let Some(found) = find(tables, b"stts") {
            let table = found.table(reader, 4, 8)?;
            table.each(reader, |entry| {
                let (count, delta) = (entry.u32().unwrap_or(0).into(), entry.u32().unwrap_or(0).into());
                samples.count += count;
                samples.duration = samples.duration.saturating_add(u64::saturating_mul(count, delta));
                if is_video {
                    samples.peak.push(count, delta);
                }
            })?;
        }
        let mut keys = Spread::default();
        match find(tables, b"stss") {
            Some(found) if is_video => {
                let table = found.table(reader, 4, 4)?;
                table.each(reader, |entry| {
                    let number = u64::from(entry.u32().unwrap_or(0)).saturating_sub(1);
                    samples.groups.sync_at(number);
                    keys.push(number);
                })?;
                samples.mixed = true;
            }
            // A list that is missing means that all are key frames.
            _ => samples.groups.all_sync(samples.count),
        }
        samples.groups.advance(samples.count);
        if let Some(found) = find(tables, b"stps") {
            samples.partial_sync = found.table(reader, 4, 4)?.count > 0;
        }
        samples.locate(reader, tables, keys.finish())?;
        Ok(samples)
    }

    /// Adds up the sizes, and finds out where these samples stand.
    fn locate(&mut self, reader: &mut Reader, tables: &[BoxAt], mut wanted: Vec<u64>) -> Read<()> {
        wanted.sort_unstable();
        let Some(sizes) = Sizes::read(reader, tables)? else { return Ok(()) };
        let Some(chunks) = Chunks::read(reader, tables)? else {
            self.bytes = sizes.total(reader)?;
            return Ok(());
        };
        if let Some(last) = chunks.offsets.count.checked_sub(1) {
            self.end = chunks.offset(reader, last)?.unwrap_or(0);
        }
        let homes = chunks.homes(reader, &wanted)?;
        let places = sizes.places(reader, &homes)?;
        self.bytes = places.total;
        for (home, (before, size)) in homes.iter().zip(places.found) {
            if let Some(chunk) = chunks.offset(reader, home.chunk)? {
                let place = chunk.saturating_add(before);
                self.end = self.end.max(place.saturating_add(size));
                self.spots.push((place, size));
            }
        }
        Ok(())
    }
}

/// In which chunk a sample is.
struct Home {
    sample: u64,
    chunk: u64,
    /// The chunk's first sample.
    first: u64,
}

/// The chunks of a track: where they begin and how many samples are in them.
struct Chunks {
    runs: Table,
    offsets: Table,
}

impl Chunks {
    fn read(reader: &mut Reader, tables: &[BoxAt]) -> Read<Option<Self>> {
        let offsets = match (find(tables, b"co64"), find(tables, b"stco")) {
            (Some(found), _) => found.table(reader, 4, 8)?,
            (None, Some(found)) => found.table(reader, 4, 4)?,
            (None, None) => return Ok(None),
        };
        let Some(runs) = find(tables, b"stsc") else { return Ok(None) };
        Ok(Some(Chunks { runs: runs.table(reader, 4, 12)?, offsets }))
    }

    /// In which chunks these samples are, which come in order.
    fn homes(&self, reader: &mut Reader, wanted: &[u64]) -> Read<Vec<Home>> {
        let mut homes = Vec::with_capacity(wanted.len());
        let mut left = wanted.iter().copied().peekable();
        let mut run_first = 0_u64;
        // The run whose end the next one shows.
        let mut open: Option<(u64, u64)> = None;
        let mut close = |run: Option<(u64, u64)>, next_chunk: u64| {
            let Some((chunk, per_chunk)) = run.filter(|(_, per_chunk)| *per_chunk > 0) else { return };
            let samples = next_chunk.saturating_sub(chunk).saturating_mul(per_chunk);
            while let Some(sample) = left.next_if(|sample| *sample < run_first.saturating_add(samples)) {
                let nth = sample.saturating_sub(run_first) / per_chunk;
                homes.push(Home { sample, chunk: chunk + nth, first: run_first + nth * per_chunk });
            }
            run_first = run_first.saturating_add(samples);
        };
        self.runs.each(reader, |entry| {
            let chunk = u64::from(entry.u32().unwrap_or(0)).saturating_sub(1);
            close(open, chunk);
            open = Some((chunk, entry.u32().unwrap_or(0).into()));
        })?;
        close(open, self.offsets.count);
        Ok(homes)
    }

    fn offset(&self, reader: &mut Reader, chunk: u64) -> Read<Option<u64>> {
        let entry = self.offsets.get(reader, chunk)?;
        Ok(entry.and_then(|entry| match entry.len() {
            8 => Fields(&entry).u64(),
            _ => Fields(&entry).u32().map(u64::from),
        }))
    }
}

/// How long the samples are.
enum Sizes {
    Same { size: u64, count: u64 },
    Each(Table),
}

/// Where samples stand within their chunks, and how long they are; and the length of all.
struct Places {
    total: u64,
    found: Vec<(u64, u64)>,
}

impl Sizes {
    fn read(reader: &mut Reader, tables: &[BoxAt]) -> Read<Option<Self>> {
        let Some(found) = find(tables, b"stsz") else { return Ok(None) };
        if found.end - found.body < 12 {
            return Err(Unknown::Damaged.into());
        }
        let size = Fields(reader.index(found.body + 4, 4, found.end)?).u32().unwrap_or(0);
        let table = found.table(reader, 8, 4)?;
        if size == 0 {
            return Ok(Some(Sizes::Each(table)));
        }
        let count = Fields(reader.index(found.body + 8, 4, found.end)?).u32().unwrap_or(0);
        Ok(Some(Sizes::Same { size: size.into(), count: count.into() }))
    }

    fn total(&self, reader: &mut Reader) -> Read<u64> {
        Ok(self.places(reader, &[])?.total)
    }

    fn places(&self, reader: &mut Reader, homes: &[Home]) -> Read<Places> {
        match self {
            Sizes::Same { size, count } => Ok(Places {
                total: size.saturating_mul(*count),
                found: homes.iter().map(|home| ((home.sample - home.first) * size, *size)).collect(),
            }),
            Sizes::Each(table) => {
                let (mut index, mut total) = (0_u64, 0_u64);
                let mut chunk_start = 0;
                let mut found = Vec::with_capacity(homes.len());
                let mut firsts = homes.iter().map(|home| home.first).peekable();
                let mut samples = homes.iter().map(|home| home.sample).peekable();
                // Where the chunk of each sample begins, of those whose chunk has begun and that have not come yet.
                let mut begun = std::collections::VecDeque::new();
                table.each(reader, |entry| {
                    let size = u64::from(entry.u32().unwrap_or(0));
                    while firsts.next_if(|first| *first <= index).is_some() {
                        begun.push_back(total);
                    }
                    while samples.next_if(|sample| *sample <= index).is_some() {
                        chunk_start = begun.pop_front().unwrap_or(chunk_start);
                        found.push((total - chunk_start, size));
                    }
                    total += size;
                    index += 1;
                })?;
                Ok(Places { total, found })
            }
        }
    }
}
