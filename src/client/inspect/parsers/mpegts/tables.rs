//! The tables of a transport stream: which program it has, and of which streams that consists (ISO/IEC 13818-1, 2.4.4).

use super::packets::Packet;
use crate::client::inspect::reader::Fields;

/// A stream that the program consists of.
pub(super) struct Listed {
    pub(super) pid: u16,
    pub(super) kind: Kind,
    /// Only of Opus, whose packets do not say it.
    pub(super) channels: Option<u32>,
}

/// What is known of a stream's codec.
pub(super) enum Kind {
    Video(&'static str),
    Audio(&'static str),
}

/// A section that is put together out of packets.
#[derive(Default)]
pub(super) struct Section {
    bytes: Vec<u8>,
    complete: bool,
}

impl Section {
    /// Adds what a packet carries of it; answers its body once it is whole.
    pub(super) fn take(&mut self, packet: &Packet, table: u8) -> Option<Vec<u8>> {
        if self.complete {
            return None;
        }
        if packet.starts {
            let (pointer, rest) = packet.payload.split_first()?;
            self.bytes = rest.get(usize::from(*pointer)..)?.to_vec();
        } else if !self.bytes.is_empty() {
            self.bytes.extend(packet.payload);
        }
        let mut fields = Fields(&self.bytes);
        if fields.u8()? != table {
            self.bytes.clear();
            return None;
        }
        // Sections end with a checksum.
        let len = usize::from(fields.u16()? & 0x0fff);
        let body = fields.take(len)?.get(5..len.checked_sub(4)?)?.to_vec();
        self.complete = true;
        Some(body)
    }
}

/// Where the first program's table is.
pub(super) fn program(body: &[u8]) -> Option<u16> {
    body.chunks_exact(4).find_map(|entry| {
        let mut fields = Fields(entry);
        let (number, pid) = (fields.u16()?, fields.u16()? & 0x1fff);
        (number != 0).then_some(pid)
    })
}

/// The pictures and sounds of a program.
pub(super) fn streams(body: &[u8]) -> Vec<Listed> {
    let mut listed = Vec::new();
    let mut fields = Fields(body);
    let skip_info = |fields: &mut Fields| fields.u16().and_then(|len| fields.skip(usize::from(len & 0x0fff)));
    if fields.skip(2).and_then(|()| skip_info(&mut fields)).is_none() {
        return listed;
    }
    while let Some((number, pid)) = fields.u8().zip(fields.u16()) {
        let Some(len) = fields.u16() else { break };
        let Some(descriptors) = fields.take(usize::from(len & 0x0fff)) else { break };
        let channels = opus_channels(descriptors);
        listed.extend(kind(number, descriptors).map(|kind| Listed { pid: pid & 0x1fff, kind, channels }));
    }
    listed
}

/// ffprobe's names for the types of streams.
fn kind(number: u8, descriptors: &[u8]) -> Option<Kind> {
    Some(match number {
        0x01 => Kind::Video("mpeg1video"),
        0x02 => Kind::Video("mpeg2video"),
        0x10 => Kind::Video("mpeg4"),
        0x1b => Kind::Video("h264"),
        0x24 => Kind::Video("hevc"),
        0x33 => Kind::Video("vvc"),
        0xea => Kind::Video("vc1"),
        0x03 | 0x04 => Kind::Audio("mp2"),
        0x0f => Kind::Audio("aac"),
        0x11 => Kind::Audio("aac_latm"),
        0x81 => Kind::Audio("ac3"),
        0x87 => Kind::Audio("eac3"),
        0x82 | 0x8a => Kind::Audio("dts"),
        // Private data, of which a descriptor says what it is.
        0x06 => private(descriptors)?,
        _ => return None,
    })
}

fn private(descriptors: &[u8]) -> Option<Kind> {
    let mut fields = Fields(descriptors);
    while let Some((tag, len)) = fields.u8().zip(fields.u8()) {
        let body = fields.take(len.into())?;
        match (tag, body.get(..4)) {
            (0x6a, _) | (0x05, Some(b"AC-3")) => return Some(Kind::Audio("ac3")),
            (0x7a, _) | (0x05, Some(b"EAC3")) => return Some(Kind::Audio("eac3")),
            (0x7b, _) => return Some(Kind::Audio("dts")),
            (0x05, Some(b"Opus")) => return Some(Kind::Audio("opus")),
            (0x05, Some(b"HEVC")) => return Some(Kind::Video("hevc")),
            (0x05, Some(b"AV01")) => return Some(Kind::Video("av1")),
            _ => {}
        }
    }
    None
}

/// The channels of Opus in the usual arrangement (the descriptor that ffmpeg and Opus's own proposal for MPEG-TS have).
fn opus_channels(descriptors: &[u8]) -> Option<u32> {
    const EXTENSION: u8 = 0x7f;
    const OPUS: u8 = 0x80;
    let mut fields = Fields(descriptors);
    while let Some((tag, len)) = fields.u8().zip(fields.u8()) {
        let body = fields.take(len.into())?;
        if let (EXTENSION, [OPUS, code @ 0..=8, ..]) = (tag, body) {
            // Two separate ones.
            return Some(if *code == 0 { 2 } else { u32::from(*code) });
        }
    }
    None
}
