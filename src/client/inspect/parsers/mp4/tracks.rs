//! One track of a movie: its header, its codec, and its samples, in the tables of the movie and in fragments.

use super::boxes::{BoxAt, find};
use super::descriptions::{self, Description};
use super::frame_rate;
use super::samples::Samples;
use crate::client::inspect::facts::{AudioTrack, Inspection, VideoTrack};
use crate::client::inspect::reader::{Fields, Read, Reader};

/// A track.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) id: u32,
    enabled: bool,
    rotation: Option<u16>,
    shown_size: Option<(u32, u32)>,
    handler: [u8; 4],
    timescale: u64,
    /// In the movie's timescale, after the edit list.
    edited: Option<u64>,
    description: Description,
    pub(super) samples: Samples,
    /// What fragments of it leave out.
    pub(super) defaults: Defaults,
}

/// What the samples of a fragment are where it does not say so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defaults {
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl Track {
    /// Reads a `trak` box.
    pub(super) fn read(reader: &mut Reader, trak: BoxAt) -> Read<Self> {
        let mut track = Track::default();
        let boxes = trak.children(reader)?;
        if let Some(found) = find(&boxes, b"tkhd") {
            let body = found.read(reader)?;
            let _ = track.read_header(&body);
        }
        if let Some(edts) = find(&boxes, b"edts")
            && let Some(found) = find(&edts.children(reader)?, b"elst")
        {
            track.edited = edited(&found.read(reader)?);
        }
        let Some(mdia) = find(&boxes, b"mdia") else { return Ok(track) };
        let boxes = mdia.children(reader)?;
        if let Some(found) = find(&boxes, b"mdhd") {
            let body = found.read(reader)?;
            track.timescale = timescale(&body).unwrap_or(0);
        }
        if let Some(found) = find(&boxes, b"hdlr") {
            let body = found.read(reader)?;
            track.handler = body.get(8..12).and_then(|kind| kind.try_into().ok()).unwrap_or_default();
        }
        let Some(minf) = find(&boxes, b"minf") else { return Ok(track) };
        let Some(stbl) = find(&minf.children(reader)?, b"stbl") else { return Ok(track) };
        let tables = stbl.children(reader)?;
        if !track.is_video() && !track.is_audio() {
            return Ok(track);
        }
        if let Some(found) = find(&tables, b"stsd") {
            track.description = descriptions::read(&found.read(reader)?, track.is_video());
        }
        track.samples = Samples::read(reader, &tables, track.timescale, track.is_video())?;
        Ok(track)
    }

    /// Reads the body of `tkhd` (ISO/IEC 14496-12, 8.3.2).
    fn read_header(&mut self, body: &[u8]) -> Option<()> {
        let mut fields = Fields(body);
        let version = fields.u8()?;
        fields.skip(2)?;
        self.enabled = fields.u8()? & 1 != 0;
        fields.skip(if version == 0 { 8 } else { 16 })?;
        self.id = fields.u32()?;
        fields.skip(if version == 0 { 8 } else { 12 })?;
        fields.skip(16)?;
        let (a, b) = (fields.u32()?.cast_signed(), fields.u32()?.cast_signed());
        let degrees = f64::from(b).atan2(f64::from(a)).to_degrees().round();
        self.rotation = Some(degrees.rem_euclid(360.0) as u16);
        fields.skip(28)?;
        self.shown_size = Some((fields.u32()? >> 16, fields.u32()? >> 16));
        Some(())
    }

    pub(super) fn is_video(&self) -> bool {
        self.handler == *b"vide"
    }

    pub(super) fn is_audio(&self) -> bool {
        self.handler == *b"soun"
    }

    fn media_seconds(&self) -> f64 {
        self.samples.duration as f64 / self.timescale.max(1) as f64
    }

    /// How long it is shown; fragments have no edit list.
    pub(super) fn seconds(&self, movie_timescale: u64, fragmented: bool) -> f64 {
        match self.edited {
            Some(edited) if !fragmented && edited > 0 => edited as f64 / movie_timescale.max(1) as f64,
            _ => self.media_seconds(),
        }
    }

    /// Bits per second.
    fn bitrate(&self) -> Option<u64> {
        let rate = self.samples.bytes as f64 * 8.0 / self.media_seconds();
        (rate.is_finite() && rate > 0.0).then_some(rate as u64)
    }

    /// Whether it is one picture, as covers and marks of chapters are, that merely stands in a track of video.
    fn is_picture(&self) -> bool {
        self.samples.count <= 1 && matches!(self.description.video.codec.as_deref(), Some("mjpeg" | "png"))
    }

    /// How many bytes stand before each NAL unit, if it is H.264.
    pub(super) fn nal_length(&self) -> Option<usize> {
        self.description.nal_length
    }

    /// What is known of it as a track of video.
    fn video(&self) -> VideoTrack {
        let mut video = self.description.video.clone();
        if let (None, Some((width, height))) = (video.width, self.shown_size.filter(|size| *size != (0, 0))) {
            (video.width, video.height) = (Some(width), Some(height));
        }
        video.rotation = self.rotation;
        video.frame_rate = frame_rate::average(self.samples.count, self.samples.duration, self.timescale);
        if !self.samples.partial_sync {
            video.gop_frames = self.samples.groups.longest();
        }
        video.derive_display_size();
        video
    }

    fn audio(&self) -> AudioTrack {
        self.description.audio.clone()
    }
}

/// Puts the tracks that are played into the result, and answers which one is the video.
pub(super) fn describe(tracks: &[Track], inspection: &mut Inspection) -> Option<usize> {
    let videos: Vec<usize> = indices(tracks, Track::is_video);
    let audios: Vec<usize> = indices(tracks, Track::is_audio);
    (inspection.video_tracks, inspection.audio_tracks) = (videos.len(), audios.len());
    let moving = |index: &&usize| tracks.get(**index).is_some_and(|track| !track.is_picture());
    let enabled = |index: &&usize| tracks.get(**index).is_some_and(|track| track.enabled);
    let first = |among: &[usize]| among.iter().find(enabled).or(among.first()).copied();
    let moving_videos: Vec<usize> = videos.iter().filter(moving).copied().collect();
    let video = first(&moving_videos);
    if let Some(track) = video.and_then(|index| tracks.get(index)) {
        inspection.video_index = videos.iter().position(|index| Some(*index) == video).unwrap_or(0);
        inspection.peak_frame_rate = track.samples.peak.peak();
        inspection.video_bitrate = track.bitrate();
        inspection.facts.video = Some(track.video());
        inspection.not_understood(track.description.not_understood.as_deref());
    }
    if let Some(track) = first(&audios).and_then(|index| tracks.get(index)) {
        inspection.audio_bitrate = track.bitrate();
        inspection.facts.audio = Some(track.audio());
        inspection.not_understood(track.description.not_understood.as_deref());
    }
    video
}

fn indices(tracks: &[Track], wanted: impl Fn(&Track) -> bool) -> Vec<usize> {
    tracks.iter().enumerate().filter(|(_, track)| wanted(track)).map(|(index, _)| index).collect()
}

fn timescale(body: &[u8]) -> Option<u64> {
    let mut fields = Fields(body);
    let version = fields.u8()?;
    fields.skip(if version == 0 { 11 } else { 19 })?;
    fields.u32().map(u64::from)
}

/// The sum of an edit list.
fn edited(body: &[u8]) -> Option<u64> {
    let mut fields = Fields(body);
    let version = fields.u8()?;
    fields.skip(3)?;
    let mut sum = 0_u64;
    for _ in 0..fields.u32()? {
        let Some(duration) = fields.long(version) else { break };
        sum = sum.saturating_add(duration);
        fields.skip(if version == 0 { 8 } else { 12 })?;
    }
    Some(sum)
}
