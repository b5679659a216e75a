//! What a file is: no panic and bounded reading, whatever it says of itself, and a report that can be written down.

#[path = "peak.rs"]
mod peak;

use std::io;
use std::time::{Duration, Instant};

use xmedia::client::inspect::facts::Unknown;
use xmedia::client::inspect::reader::{MAX_DATA, MAX_INDEX};
use xmedia::client::inspect::{CheckOptions, ReadBytes, Report, inspect};

pub use self::peak::peak_of;

/// The most memory that a check holds at one time, all its blocks together.
pub const MAX_MEMORY: usize = 32 << 20;

/// Counts what is read.
pub struct Counted<R> {
    /// What is read from.
    pub inner: R,
    /// How many bytes were read.
    pub read: u64,
}

impl<R: ReadBytes> ReadBytes for Counted<R> {
    fn total_bytes(&self) -> u64 {
        self.inner.total_bytes()
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read_some(offset, buffer)?;
        self.read += got as u64;
        Ok(got)
    }
}

/// A format with a fuzz target of its own.
pub struct Format {
    /// What a target's name ends with.
    pub name: &'static str,
    /// The endings of the samples that it begins with.
    pub endings: &'static [&'static str],
    /// Where in a file the bytes stand that choose its parser, and what they may be.
    marks: (usize, &'static [&'static [u8]]),
    /// What is put in front where they are not there.
    start: &'static [u8],
}

/// The formats that are read.
pub const FORMATS: [Format; 10] = [
    Format {
        name: "mp4",
        endings: &["mp4", "mov", "m4a"],
        marks: (4, &[b"ftyp", b"moov", b"mdat", b"free", b"wide", b"styp", b"moof"]),
        start: b"\0\0\0\x10ftypisom\0\0\x02\0",
    },
    Format {
        name: "webm",
        endings: &["webm", "mkv"],
        marks: (0, &[b"\x1a\x45\xdf\xa3"]),
        start: b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",
    },
    Format { name: "mpegts", endings: &["ts"], marks: (0, &[b"\x47"]), start: &TRANSPORT_STREAM },
    Format { name: "gif", endings: &["gif"], marks: (0, &[b"GIF87a", b"GIF89a"]), start: b"GIF89a" },
    Format { name: "jpeg", endings: &["jpg"], marks: (0, &[b"\xff\xd8\xff"]), start: b"\xff\xd8" },
    Format { name: "png", endings: &["png"], marks: (0, &[b"\x89PNG"]), start: b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" },
    Format { name: "webp", endings: &["webp"], marks: (0, &[b"RIFF"]), start: b"RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\x02" },
    Format { name: "bmp", endings: &["bmp"], marks: (0, &[b"BM"]), start: b"BM" },
    Format { name: "tiff", endings: &["tiff"], marks: (0, &[b"II*\0", b"MM\0*", b"II+\0"]), start: b"II*\0\x08\0\0\0" },
    Format {
        name: "subtitles",
        endings: &["srt", "vtt"],
        marks: (0, &[b"WEBVTT", b"1\n"]),
        start: b"1\n00:00 --> 00:01\n",
    },
];

/// Three empty packets.
const TRANSPORT_STREAM: [u8; 564] = {
    let mut packets = [0xff; 564];
    (packets[0], packets[188], packets[376]) = (0x47, 0x47, 0x47);
    packets
};

/// Holds an input as a file of this format: what does not begin as one is put behind the start of one.
pub fn hold_as(name: &str, input: &[u8]) {
    let format = FORMATS.iter().find(|format| format.name == name).unwrap();
    let (at, marks) = format.marks;
    let begins = input.get(at..).is_some_and(|rest| marks.iter().any(|mark| rest.starts_with(mark)));
    if begins { hold(input) } else { hold(&[format.start, input].concat()) }
}

/// Fails where one of them does not hold.
pub fn hold(input: &[u8]) {
    let mut bytes = Counted { inner: input, read: 0 };
    let began = Instant::now();
    let (inspection, peak) = peak_of(|| inspect(&mut bytes, None).unwrap());
    assert!(peak <= MAX_MEMORY, "{peak} bytes were held at one time");
    assert!(began.elapsed() < Duration::from_secs(3), "it took {:?}", began.elapsed());
    assert_ne!(Some(Unknown::Parser), inspection.unknown, "a parser panicked");
    assert!(bytes.read <= MAX_DATA + MAX_INDEX + MAX_INDEX / 4);
    for category in [None, Some("tweet_video"), Some("tweet_gif"), Some("")] {
        let options = CheckOptions { media_category: category.map(str::to_owned), account: None };
        let report = Report::of(&inspection, &options);
        assert_eq!(report.ok(), report.summary(None).is_none());
        assert!(!report.ok() || report.fix.is_none());
        serde_json::to_string(&report.to_value()).unwrap();
    }
}
