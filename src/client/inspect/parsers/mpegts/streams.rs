//! What the streams of a transport stream are, by their own headers.

use memchr::memmem;

use super::packets::{Layout, Stream, later, packets};
use super::tables::{self, Kind, Listed, Section};
use crate::client::inspect::facts::{AudioTrack, ContentKind, FileProblem, Inspection, VideoTrack};
use crate::client::inspect::parsers::codecs::{self, aac};
use crate::client::inspect::reader::{Read, Reader};

/// How much is read at the start: tables come every tenth of a second, parameter sets with each key frame.
const HEAD: usize = 512 << 10;
/// How much is read at the end, for the last times.
const TAIL: u64 = 256 << 10;
/// Times are counted with 90 kHz.
const CLOCK: f64 = 90_000.0;
/// What Opus is always played with.
const OPUS_RATE: u32 = 48_000;

/// Reads a transport stream.
pub(in crate::client::inspect::parsers) fn read(reader: &mut Reader, inspection: &mut Inspection) -> Read<()> {
    inspection.facts.container = Some("mpegts".to_owned());
    inspection.facts.media_type = Some("video/mp2t".to_owned());
    inspection.content = ContentKind::Video;
    let head = reader.data(0, HEAD)?;
    let Some((layout, listed)) = Layout::of(&head).and_then(|layout| Some((layout, program(&head, layout)?))) else {
        inspection.not_understood(Some("what is inside MPEG-TS"));
        return Ok(());
    };
    let of = |wanted: fn(&Kind) -> bool| listed.iter().filter(move |one| wanted(&one.kind));
    let (mut videos, mut audios) =
        (of(|kind| matches!(kind, Kind::Video(_))), of(|kind| matches!(kind, Kind::Audio(_))));
    inspection.video_tracks = videos.clone().count();
    inspection.audio_tracks = audios.clone().count();
    if let Some(Listed { pid, kind: Kind::Audio(codec), channels }) = audios.next() {
        let mut audio = audio(codec, &gathered(&head, layout, *pid).bytes);
        if *codec == "opus" {
            (audio.channels, audio.sample_rate) = (*channels, Some(OPUS_RATE));
        }
        inspection.facts.audio = Some(audio);
    }
    let Some(Listed { pid, kind: Kind::Video(codec), .. }) = videos.next() else {
        inspection.problems.push(FileProblem::NoVideoTrack);
        return Ok(());
    };
    let stream = gathered(&head, layout, *pid);
    let mut video = VideoTrack { codec: Some((*codec).to_owned()), rotation: Some(0), ..VideoTrack::default() };
    if *codec != "h264" || parameter_set(&stream.bytes, &mut video).is_none() {
        inspection.not_understood(Some(&format!("the configuration of {codec}")));
    }
    video.pixel_aspect = video.pixel_aspect.or(video.width.map(|_| (1, 1)));
    video.derive_display_size();
    if let Some(step) = usual_step(&stream.times) {
        video.frame_rate = Some(CLOCK / step as f64);
        let tail = reader.len.saturating_sub(TAIL).max(head.len() as u64);
        let at = tail - tail % layout.stride as u64;
        let last = gathered(&reader.data(at, usize::try_from(TAIL).unwrap_or(0))?, layout, *pid);
        inspection.facts.duration = shown(&stream.times, &last.times).map(|time| (time + step) as f64 / CLOCK);
    }
    inspection.facts.video = Some(video);
    Ok(())
}

/// The streams of the first program.
fn program(head: &[u8], layout: Layout) -> Option<Vec<Listed>> {
    let (mut programs, mut streams, mut table) = (Section::default(), Section::default(), None);
    for packet in packets(head, layout) {
        if packet.pid == 0 {
            table = programs.take(&packet, 0).and_then(|body| tables::program(&body)).or(table);
        } else if Some(packet.pid) == table
            && let Some(body) = streams.take(&packet, 2)
        {
            return Some(tables::streams(&body));
        }
    }
    None
}

fn gathered(bytes: &[u8], layout: Layout, pid: u16) -> Stream {
    let mut stream = Stream::default();
    packets(bytes, layout).filter(|packet| packet.pid == pid).for_each(|packet| stream.take(&packet));
    stream
}

/// Reads the first parameter set of H.264 that stands between two marks.
fn parameter_set(bytes: &[u8], video: &mut VideoTrack) -> Option<()> {
    const SEQUENCE: u8 = 7;
    let marks: Vec<usize> = memmem::find_iter(bytes, &[0, 0, 1]).map(|at| at + 3).collect();
    marks.iter().enumerate().find_map(|(index, from)| {
        let to = marks.get(index + 1).map_or(bytes.len(), |next| next - 3);
        // A mark may have another zero before it, and a unit ends with a bit that is set.
        let unit = bytes.get(*from..to)?;
        let len = unit.iter().rposition(|byte| *byte != 0)? + 1;
        let unit = unit.get(..len).filter(|unit| unit.first().is_some_and(|byte| byte & 0x1f == SEQUENCE))?;
        codecs::read_sequence(unit, video)
    })
}

/// What the header of a frame says (ISO/IEC 14496-3, 1.A.2.2; 11172-3, 2.4.1.3).
fn audio(codec: &str, bytes: &[u8]) -> AudioTrack {
    let mut audio = AudioTrack { codec: Some(codec.to_owned()), ..AudioTrack::default() };
    let Some(head) = bytes.first_chunk::<4>().filter(|head| head[0] == 0xff && head[1] & 0xe0 == 0xe0) else {
        return audio;
    };
    match codec {
        "aac" => {
            let (object_type, rate) = (head[2] >> 6, head[2] >> 2 & 0x0f);
            let channels = (head[2] & 1) << 2 | head[3] >> 6;
            // The same fields as those that MP4 has before the stream, in other places.
            let fields = [(object_type + 1) << 3 | rate >> 1, (rate & 1) << 7 | channels << 3];
            if let Some(aac) = aac::Aac::read(&fields) {
                // Whether the band is replicated shows only inside, and is usual where the rate is low.
                audio.profile = aac.profile().filter(|_| aac.sample_rate > Some(24_000)).map(str::to_owned);
                (audio.channels, audio.sample_rate) = (aac.channels, aac.sample_rate);
            }
        }
        "mp2" => {
            if head[1] >> 1 & 3 == 1 {
                audio.codec = Some("mp3".to_owned());
            }
            audio.channels = Some(if head[3] >> 6 == 3 { 1 } else { 2 });
            let rate = [44_100, 48_000, 32_000].get(usize::from(head[2] >> 2 & 3)).copied();
            let halved = [Some(4), None, Some(2), Some(1)].get(usize::from(head[1] >> 3 & 3)).copied().flatten();
            audio.sample_rate = rate.zip(halved).map(|(rate, by): (u32, u32)| rate / by);
        }
        _ => {}
    }
    audio
}

/// The usual time between two pictures.
fn usual_step(times: &[u64]) -> Option<u64> {
    let begin = earliest(times)?;
    let mut sorted: Vec<u64> = times.iter().filter_map(|time| later(*time, begin)).collect();
    sorted.sort_unstable();
    let mut steps: Vec<u64> = sorted.iter().zip(sorted.iter().skip(1)).map(|(before, after)| after - before).collect();
    steps.retain(|step| *step > 0);
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied()
}

/// The first of some times that are close together and may go round among themselves.
fn earliest(times: &[u64]) -> Option<u64> {
    times.iter().copied().reduce(|first, time| if later(first, time).is_some() { time } else { first })
}

/// From the first picture to the last.
fn shown(first: &[u64], last: &[u64]) -> Option<u64> {
    let begin = earliest(first)?;
    first.iter().chain(last).filter_map(|time| later(*time, begin)).max()
}
