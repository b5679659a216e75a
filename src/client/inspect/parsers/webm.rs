//! WebM and Matroska: the headers are cut out and given to the parser, so that a length in the file never decides how much
//! is read or allocated. Of the frames the first one's start is looked at, where only it says the format.

use std::io::Cursor;

use matroska_demuxer::{MatroskaFile, TrackEntry, TrackType, Video};

use super::codecs::{self, Codec, vp9};
use crate::client::inspect::facts::{AudioTrack, ContentKind, FileProblem, Inspection, Unknown, VideoTrack};
use crate::client::inspect::format::{Foreign, ForeignKind};
use crate::client::inspect::reader::{Read, Reader};

const EBML: u64 = 0x1a45_dfa3;
const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_a966;
const TRACKS: u64 = 0x1654_ae6b;
const CLUSTER: u64 = 0x1f43_b675;
const SIMPLE_BLOCK: u64 = 0xa3;
const BLOCK_GROUP: u64 = 0xa0;
const BLOCK: u64 = 0xa1;
/// The most that is read of one of these elements.
const MAX_ELEMENT: u64 = 256 << 10;
/// How many elements are passed over.
const MAX_ELEMENTS: usize = 10_000;
/// How many of a cluster's elements are looked at for the first frame.
const MAX_BLOCKS: usize = 1_000;
/// How long the header of a block is at most: the track's number, a time, flags.
const BLOCK_HEADER_BYTES: usize = 11;
/// What a file is that says it is not WebM.
const MATROSKA: Foreign = Foreign::new("Matroska", ForeignKind::Video);
/// A cluster with a timestamp and no frame, without which the parser takes nothing.
const EMPTY_CLUSTER: [u8; 8] = [0x1f, 0x43, 0xb6, 0x75, 0x83, 0xe7, 0x81, 0];

/// Whether a file begins as Matroska does.
pub(super) fn is_matroska(head: &[u8]) -> bool {
    head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

/// Reads a WebM or Matroska file.
pub(super) fn read(reader: &mut Reader, inspection: &mut Inspection) -> Read<()> {
    let Cut { bytes, complete, cluster } = cut_out(reader)?;
    let file = MatroskaFile::open(Cursor::new(bytes)).map_err(|_| Unknown::Damaged)?;
    inspection.content = ContentKind::Video;
    if file.ebml_header().doc_type() == "webm" {
        inspection.facts.container = Some("webm".to_owned());
        inspection.facts.media_type = Some("video/webm".to_owned());
    } else {
        inspection.facts.container = Some("matroska".to_owned());
        inspection.foreign = Some(MATROSKA);
    }
    if !complete {
        inspection.problems.push(FileProblem::Truncated("the last cluster".to_owned()));
    }
    let seconds = file.info().duration().map(|ticks| ticks * file.info().timestamp_scale().get() as f64 / 1e9);
    inspection.facts.duration = seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    let of_kind = |kind: TrackType| file.tracks().iter().filter(move |track| track.track_type() == kind);
    inspection.video_tracks = of_kind(TrackType::Video).count();
    inspection.audio_tracks = of_kind(TrackType::Audio).count();
    match of_kind(TrackType::Video).next() {
        Some(track) => {
            let mut video = video(track, inspection);
            if let (Some("vp9"), Some(cluster)) = (video.codec.as_deref(), cluster)
                && let Some(frame) = first_frame(reader, cluster, track.track_number().get())?
            {
                vp9::read_frame(&frame, &mut video);
            }
            inspection.facts.video = Some(video);
        }
        None => inspection.problems.push(FileProblem::NoVideoTrack),
    }
    inspection.facts.audio = of_kind(TrackType::Audio).next().map(audio);
    Ok(())
}

/// The elements that are wanted, as a file of its own.
struct Cut {
    bytes: Vec<u8>,
    /// The segment ends where it says.
    complete: bool,
    /// The first of those that hold the frames.
    cluster: Option<Element>,
}

fn cut_out(reader: &mut Reader) -> Read<Cut> {
    let first = element(reader, 0)?.filter(|found| found.id == EBML).ok_or(Unknown::Format)?;
    let mut bytes = first.bytes(reader)?;
    let mut at = first.end().ok_or(Unknown::Damaged)?;
    let mut segment = element(reader, at)?;
    for _ in 0..16 {
        match segment {
            Some(found) if found.id != SEGMENT => {
                at = found.end().ok_or(Unknown::Damaged)?;
                segment = element(reader, at)?;
            }
            _ => break,
        }
    }
    let segment = segment.filter(|found| found.id == SEGMENT).ok_or(Unknown::Damaged)?;
    let complete = segment.end().is_none_or(|end| end <= reader.len);
    // A length of eight bytes, all ones: it is not known.
    bytes.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let (mut info, mut tracks, mut cluster) = (false, false, None);
    at = segment.body;
    for _ in 0..MAX_ELEMENTS {
        if info && tracks && cluster.is_some() {
            break;
        }
        let Some(found) = element(reader, at)? else { break };
        if found.id == INFO || found.id == TRACKS {
            bytes.extend(found.bytes(reader)?);
            info |= found.id == INFO;
            tracks |= found.id == TRACKS;
        } else if found.id == CLUSTER {
            cluster = cluster.or(Some(found));
        }
        let Some(end) = found.end().filter(|end| *end < reader.len) else { break };
        at = end;
    }
    bytes.extend(EMPTY_CLUSTER);
    Ok(Cut { bytes, complete, cluster })
}

/// The start of a track's first frame in a cluster, if it is soon found and stands alone in its block.
fn first_frame(reader: &mut Reader, cluster: Element, track: u64) -> Read<Option<Vec<u8>>> {
    let mut at = cluster.body;
    for _ in 0..MAX_BLOCKS {
        let Some(found) = element(reader, at)? else { return Ok(None) };
        at = match found.id {
            // Its blocks are looked at as if they stood beside it.
            BLOCK_GROUP => found.body,
            BLOCK | SIMPLE_BLOCK => {
                let block = reader.data(found.body, BLOCK_HEADER_BYTES + vp9::HEADER_BYTES)?;
                if let Some(frame) = frame_of(&block, track) {
                    return Ok(Some(frame.to_vec()));
                }
                let Some(end) = found.end() else { return Ok(None) };
                end
            }
            CLUSTER => return Ok(None),
            _ => match found.end() {
                Some(end) => end,
                None => return Ok(None),
            },
        };
    }
    Ok(None)
}

/// What a block holds after its header, if it is of this track and not several frames (RFC 9559, 10.1).
fn frame_of(block: &[u8], track: u64) -> Option<&[u8]> {
    const LACING: u8 = 0x06;
    let (number, len) = number(block)?;
    // A time stands between the track's number and the flags.
    let flags = block.get(len + 2)?;
    (number == track && flags & LACING == 0).then(|| block.get(len + 3..))?
}

/// A number that says by its first byte how long it is, without that mark, and how long it is.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let len = usize::try_from(bytes.first()?.leading_zeros()).ok()? + 1;
    let bytes = bytes.get(..len).filter(|_| len <= 8)?;
    let mask = (1_u64 << (7 * len)) - 1;
    Some((bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)) & mask, len))
}

/// An EBML element.
#[derive(Clone, Copy)]
struct Element {
    id: u64,
    at: u64,
    body: u64,
    len: Option<u64>,
}

impl Element {
    fn end(self) -> Option<u64> {
        self.body.checked_add(self.len?)
    }

    /// All of it, with its header.
    fn bytes(self, reader: &mut Reader) -> Read<Vec<u8>> {
        let len =
            self.end().map(|end| end - self.at).filter(|len| *len <= MAX_ELEMENT).ok_or(Unknown::TooMuchToRead)?;
        reader.data(self.at, usize::try_from(len).unwrap_or(0))
    }
}

/// The header of the element at this place (RFC 8794, 4 to 6).
fn element(reader: &mut Reader, at: u64) -> Read<Option<Element>> {
    let head = reader.data(at, 12)?;
    let parse = || {
        let first = *head.first()?;
        let id_len = usize::try_from(first.leading_zeros()).ok()? + 1;
        let id = head.get(..id_len).filter(|_| id_len <= 4)?;
        let id = id.iter().fold(0, |id, byte| id << 8 | u64::from(*byte));
        let (len, len_len) = number(head.get(id_len..)?)?;
        let unknown = (1_u64 << (7 * len_len)) - 1;
        let body = at + (id_len + len_len) as u64;
        Some(Element { id, at, body, len: (len != unknown).then_some(len) })
    };
    Ok(parse())
}

fn video(track: &TrackEntry, inspection: &mut Inspection) -> VideoTrack {
    let codec = match track.codec_id() {
        "V_MPEG4/ISO/AVC" => "h264",
        "V_MPEGH/ISO/HEVC" => "hevc",
        "V_VP8" => "vp8",
        "V_VP9" => "vp9",
        "V_AV1" => "av1",
        "V_MPEG4/ISO/SP" | "V_MPEG4/ISO/ASP" => "mpeg4",
        "V_MPEG2" => "mpeg2video",
        "V_MJPEG" => "mjpeg",
        "V_PRORES" => "prores",
        other => other,
    };
    let mut video = VideoTrack { codec: Some(codec.to_owned()), ..VideoTrack::default() };
    if codec == "vp8" {
        (video.chroma, video.bit_depth) = (Some(codecs::YUV_420), Some(8));
    }
    if let Some(settings) = track.video() {
        let crop = |from: Option<u64>, to: Option<u64>| from.unwrap_or(0).saturating_add(to.unwrap_or(0));
        let across = crop(settings.pixel_crop_left(), settings.pixel_crop_right());
        let down = crop(settings.pixel_crop_top(), settings.pixel_crop_bottom());
        video.width = u32::try_from(settings.pixel_width().get().saturating_sub(across)).ok();
        video.height = u32::try_from(settings.pixel_height().get().saturating_sub(down)).ok();
        video.pixel_aspect = Some(pixel_aspect(settings, &video).unwrap_or((1, 1)));
    }
    let config = Codec::of(codec);
    if let Some(private) = track.codec_private() {
        let understood = match config {
            Codec::Vp9 => vp9::read_features(private, &mut video).is_some(),
            _ => config.read(private, &mut video).is_some(),
        };
        if !understood {
            inspection.not_understood(Some(&format!("the configuration of {codec}")));
        }
    }
    video.frame_rate = track.default_duration().map(|nanos| 1e9 / nanos.get() as f64);
    video.rotation = Some(0);
    video.derive_display_size();
    video
}

/// The shape of a pixel, which follows from the size in which the picture is to be shown.
fn pixel_aspect(settings: &Video, video: &VideoTrack) -> Option<(u32, u32)> {
    let shown = (settings.display_width()?.get(), settings.display_height()?.get());
    let (width, height) = (u64::from(video.width?), u64::from(video.height?));
    let (h, v) = (shown.0.checked_mul(height)?, shown.1.checked_mul(width)?);
    let divisor = greatest_common_divisor(h, v);
    Some((u32::try_from(h.checked_div(divisor)?).ok()?, u32::try_from(v.checked_div(divisor)?).ok()?))
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn audio(track: &TrackEntry) -> AudioTrack {
    let codec = match track.codec_id() {
        "A_OPUS" => "opus",
        "A_VORBIS" => "vorbis",
        "A_MPEG/L3" => "mp3",
        "A_AC3" => "ac3",
        "A_EAC3" => "eac3",
        "A_FLAC" => "flac",
        "A_DTS" => "dts",
        other if other.starts_with("A_AAC") => "aac",
        other => other,
    };
    let mut audio = AudioTrack { codec: Some(codec.to_owned()), ..AudioTrack::default() };
    if let Some(settings) = track.audio() {
        audio.channels = u32::try_from(settings.channels().get()).ok();
        audio.sample_rate = Some(settings.output_sampling_frequency().unwrap_or(settings.sampling_frequency()) as u32);
    }
    if codec == "aac"
        && let Some(aac) = track.codec_private().and_then(codecs::aac::Aac::read)
    {
        audio.profile = aac.profile().map(str::to_owned);
        audio.channels = aac.channels.or(audio.channels);
        audio.sample_rate = aac.sample_rate.or(audio.sample_rate);
    }
    audio
}
