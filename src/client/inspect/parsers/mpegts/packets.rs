//! The packets of a transport stream, and the elementary streams that are cut up in them (ISO/IEC 13818-1, 2.4.3).

use crate::client::inspect::reader::Fields;

const SYNC: u8 = 0x47;
/// Times have 33 bits and go round.
const TIME_RANGE: u64 = 1 << 33;

/// How the packets lie in the file: cameras put four bytes of time before each.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// What stands before the mark of the first packet.
    pub(super) before: usize,
    pub(super) stride: usize,
}

impl Layout {
    /// What the first bytes show.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let layouts = [Layout { before: 0, stride: 188 }, Layout { before: 4, stride: 192 }];
        layouts.into_iter().find(|layout| {
            let marks = (0..3).map(|index| head.get(layout.before + index * layout.stride));
            marks.clone().flatten().count() > 1 && marks.flatten().all(|byte| *byte == SYNC)
        })
    }
}

/// What a packet carries.
pub(super) struct Packet<'a> {
    pub(super) pid: u16,
    /// A section or a packet of the elementary stream begins in it.
    pub(super) starts: bool,
    pub(super) payload: &'a [u8],
}

/// The packets in these bytes, which begin with one. What is damaged or encrypted is passed over.
pub(super) fn packets(bytes: &[u8], layout: Layout) -> impl Iterator<Item = Packet<'_>> {
    bytes.chunks(layout.stride).filter_map(move |bytes| {
        let mut fields = Fields(bytes.get(layout.before..layout.before + 188)?);
        if fields.u8()? != SYNC {
            return None;
        }
        let (flags, control) = (fields.u16()?, fields.u8()?);
        let scrambled = control & 0xc0 != 0 || flags & 0x8000 != 0;
        if scrambled || control & 0x10 == 0 {
            return None;
        }
        if control & 0x20 != 0 {
            let adaptation = fields.u8()?;
            fields.skip(adaptation.into())?;
        }
        Some(Packet { pid: flags & 0x1fff, starts: flags & 0x4000 != 0, payload: fields.0 })
    })
}

/// The first bytes of an elementary stream, and the times at which its pictures are shown.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    pub(super) times: Vec<u64>,
}

impl Stream {
    /// How much of a stream is looked at.
    const MAX_BYTES: usize = 96 << 10;
    const MAX_TIMES: usize = 4_000;

    /// Adds what a packet carries of it.
    pub(super) fn take(&mut self, packet: &Packet) {
        let mut payload = packet.payload;
        if packet.starts {
            let Some((time, rest)) = elementary(payload) else { return };
            if self.times.len() < Self::MAX_TIMES {
                self.times.extend(time);
            }
            payload = rest;
        }
        let room = Self::MAX_BYTES.saturating_sub(self.bytes.len()).min(payload.len());
        self.bytes.extend(payload.get(..room).unwrap_or_default());
    }
}

/// The time and the data of a packet of an elementary stream.
fn elementary(payload: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let mut fields = Fields(payload.strip_prefix(&[0, 0, 1])?);
    fields.skip(4)?;
    let flags = fields.u8()?;
    let len = fields.u8()?;
    let mut header = Fields(fields.take(len.into())?);
    let time = (flags & 0x80 != 0).then(|| {
        let (high, middle, low) = (u64::from(header.u8()?), u64::from(header.u16()?), u64::from(header.u16()?));
        Some((high >> 1 & 7) << 30 | middle >> 1 << 15 | low >> 1)
    });
    Some((time.flatten(), fields.0))
}

/// How much later one time is than another, at most half the way round.
pub(super) fn later(time: u64, than: u64) -> Option<u64> {
    let by = time.wrapping_sub(than) % TIME_RANGE;
    (by < TIME_RANGE / 2).then_some(by)
}
