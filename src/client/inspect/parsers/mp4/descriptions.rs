//! Sample descriptions: the codec of a track, and what its configuration says of the stream.

use crate::client::inspect::facts::{AudioTrack, VideoTrack};
use crate::client::inspect::parsers::codecs::aac::Aac;
use crate::client::inspect::parsers::codecs::{self, Config};
use crate::client::inspect::reader::Fields;

/// What the first sample description of a track says.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) video: VideoTrack,
    pub(super) audio: AudioTrack,
    /// How many bytes stand before each NAL unit of H.264.
    pub(super) nal_length: Option<usize>,
    /// The part that is not understood.
    pub(super) not_understood: Option<String>,
}

/// Reads the first entry of a `stsd` box's body.
pub(super) fn read(body: &[u8], is_video: bool) -> Description {
    let mut description = Description::default();
    let entry = (|| {
        let mut fields = Fields(body);
        fields.skip(8)?;
        let len = usize::try_from(fields.u32()?).ok()?;
        let kind: [u8; 4] = fields.take(4)?.try_into().ok()?;
        let rest = fields.0;
        Some((kind, rest.get(..len.saturating_sub(8)).unwrap_or(rest)))
    })();
    let Some((kind, entry)) = entry else {
        description.not_understood = Some("the sample description".to_owned());
        return description;
    };
    let known = if is_video {
        description.video.codec = Some(codecs::video_name(kind));
        read_video(&mut description, kind, entry)
    } else {
        description.audio.codec = Some(codecs::audio_name(kind));
        read_audio(&mut description, kind, entry)
    };
    if known.is_none() {
        description.not_understood = Some(format!("the configuration of {}", codecs::printable(kind)));
    }
    description
}

/// A description of video: fixed fields, then boxes.
fn read_video(description: &mut Description, kind: [u8; 4], entry: &[u8]) -> Option<()> {
    let mut fields = Fields(entry);
    fields.skip(24)?;
    let (width, height) = (u32::from(fields.u16()?), u32::from(fields.u16()?));
    let video = &mut description.video;
    (video.width, video.height) = (Some(width), Some(height));
    let boxes = entry.get(78..).unwrap_or_default();
    let config = codecs::Codec::of(video.codec.as_deref().unwrap_or_default());
    codecs::fixed_format(kind, video);
    let read = match config.config_box() {
        Some(name) => find(boxes, name).and_then(|body| config.read(body, video)),
        None => Some(Config::default()),
    };
    if let Some(mut pasp) = find(boxes, b"pasp").map(Fields) {
        let (h, v) = (pasp.u32()?, pasp.u32()?);
        if h > 0 && v > 0 {
            description.video.pixel_aspect = Some((h, v));
        }
    }
    let config = read?;
    description.nal_length = config.nal_length;
    description.video.pixel_aspect = description.video.pixel_aspect.or(Some((1, 1)));
    if let Some((object_type, specific)) = find(boxes, b"esds").and_then(elementary_stream) {
        description.video.codec = Some(codecs::object_type_name(object_type).unwrap_or("mpeg4").to_owned());
        codecs::mpeg4_profile(specific, &mut description.video);
    }
    Some(())
}

/// A description of audio: fixed fields, of which QuickTime has three versions, then boxes.
fn read_audio(description: &mut Description, kind: [u8; 4], entry: &[u8]) -> Option<()> {
    let mut fields = Fields(entry);
    fields.skip(8)?;
    let version = fields.u16()?;
    fields.skip(6)?;
    let audio = &mut description.audio;
    audio.channels = Some(fields.u16()?.into());
    let bits = fields.u16()?;
    fields.skip(4)?;
    audio.sample_rate = Some(fields.u32()? >> 16);
    let mut flags = None;
    let boxes_at = match version {
        1 => 44,
        2 => {
            let mut fields = Fields(entry.get(32..)?);
            audio.sample_rate = Some(f64::from_bits(fields.u64()?) as u32);
            audio.channels = Some(fields.u32()?);
            fields.skip(4)?;
            let bits = fields.u32()?;
            flags = Some((fields.u32()?, bits));
            64
        }
        _ => 28,
    };
    let boxes = entry.get(boxes_at..).unwrap_or_default();
    let order = find(boxes, b"wave").and_then(|wave| find(wave, b"enda")).or_else(|| find(boxes, b"enda"));
    // What QuickTime says in `enda`, MP4 says in `pcmC`.
    let little_endian = order.and_then(|order| order.get(1)) == Some(&1)
        || find(boxes, b"pcmC").and_then(|config| config.get(4)).is_some_and(|flags| flags & 1 != 0);
    if let Some(name) = codecs::pcm_name(kind, bits, flags, little_endian) {
        audio.codec = Some(name);
    }
    // Other codecs than AAC: the fixed field says 2 whatever the sound has.
    match &kind {
        b"mp4a" => read_mpeg4_audio(audio, entry, boxes_at)?,
        b"ac-3" => audio.channels = find(boxes, b"dac3").and_then(codecs::ac3_channels),
        b"ec-3" | b".mp3" | b"mp3 " => audio.channels = None,
        _ => {}
    }
    Some(())
}

/// What the elementary stream's description says of MPEG-4 audio, mostly AAC.
fn read_mpeg4_audio(audio: &mut AudioTrack, entry: &[u8], boxes_at: usize) -> Option<()> {
    // Version 1 has no more fields than version 0 where the file is not QuickTime.
    let esds = [boxes_at, 28].into_iter().find_map(|at| {
        let boxes = entry.get(at..)?;
        find(boxes, b"esds").or_else(|| find(find(boxes, b"wave")?, b"esds"))
    })?;
    let (object_type, specific) = elementary_stream(esds)?;
    match codecs::object_type_name(object_type) {
        Some("aac") => {
            let aac = Aac::read(specific)?;
            audio.profile = aac.profile().map(str::to_owned);
            audio.channels = aac.channels;
            audio.sample_rate = aac.sample_rate.or(audio.sample_rate);
        }
        Some(other) => {
            audio.codec = Some(other.to_owned());
            audio.channels = None;
        }
        None => return None,
    }
    Some(())
}

/// The body of the first box of this kind.
fn find<'a>(mut boxes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    loop {
        let len = usize::try_from(Fields(boxes).u32()?).ok()?;
        let (found, rest) = boxes.split_at_checked(len)?;
        if found.get(4..8)? == kind {
            return found.get(8..);
        }
        boxes = rest;
    }
}

/// The object type and the decoder's configuration out of an `esds` box (ISO/IEC 14496-1, 7.2.6).
fn elementary_stream(esds: &[u8]) -> Option<(u8, &[u8])> {
    let mut fields = Fields(esds.get(4..)?);
    let mut stream = Fields(descriptor(&mut fields, 3)?);
    stream.skip(2)?;
    let flags = stream.u8()?;
    if flags & 0x80 != 0 {
        stream.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let len = stream.u8()?;
        stream.skip(len.into())?;
    }
    if flags & 0x20 != 0 {
        stream.skip(2)?;
    }
    let mut config = Fields(descriptor(&mut stream, 4)?);
    let object_type = config.u8()?;
    config.skip(12)?;
    Some((object_type, descriptor(&mut config, 5).unwrap_or_default()))
}

/// The body of a descriptor with this tag, whose length is written with seven bits a byte.
fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Option<&'a [u8]> {
    if fields.u8()? != tag {
        return None;
    }
    let mut len = 0_usize;
    for _ in 0..4 {
        let byte = fields.u8()?;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    let rest = fields.0;
    fields.take(len.min(rest.len()))
}
