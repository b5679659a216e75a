//! What a file costs to look at, whatever it says of itself.

use std::io;
use std::time::{Duration, Instant};

use xmedia::client::inspect::facts::Unknown;
use xmedia::client::inspect::{Inspection, ReadBytes, inspect};

use super::samples::{bytes_of, samples};
use crate::properties::inspect::{Counted, MAX_MEMORY, peak_of};

/// Pieces of a file at their places, and zeros between them.
struct Sparse {
    pieces: Vec<(u64, Vec<u8>)>,
    len: u64,
}

impl ReadBytes for Sparse {
    fn total_bytes(&self) -> u64 {
        self.len
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.len.min(offset + buffer.len() as u64);
        let len = usize::try_from(end.saturating_sub(offset)).unwrap();
        buffer[..len].fill(0);
        for (at, piece) in &self.pieces {
            for (index, byte) in piece.iter().enumerate() {
                let place = at + index as u64;
                if (offset..end).contains(&place) {
                    buffer[usize::try_from(place - offset).unwrap()] = *byte;
                }
            }
        }
        Ok(len)
    }
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(8 + body.len()).unwrap();
    [&len.to_be_bytes()[..], kind, body].concat()
}

/// What is found out, how much was read for it, and how long it took.
fn measured(bytes: impl ReadBytes) -> (Inspection, u64, Duration) {
    let mut counted = Counted { inner: bytes, read: 0 };
    let began = Instant::now();
    let inspection = inspect(&mut counted, None).unwrap();
    (inspection, counted.read, began.elapsed())
}

/// A video of 16 GiB whose index stands at its end.
fn huge() -> Sparse {
    let sample = bytes_of("good_moov_last.mp4");
    let moov = sample.windows(4).position(|part| part == b"moov").unwrap() - 4;
    let ftyp = boxed(b"ftyp", b"isom\0\0\x02\0isomavc1");
    let len = 16_u64 << 30;
    let index = sample[moov..].to_vec();
    let mdat_len = len - ftyp.len() as u64 - index.len() as u64;
    let mdat = [&1_u32.to_be_bytes()[..], b"mdat", &mdat_len.to_be_bytes()].concat();
    let at = len - index.len() as u64;
    Sparse { pieces: vec![(0, [ftyp, mdat].concat()), (at, index)], len }
}

#[test]
fn a_video_of_sixteen_gigabytes_costs_its_index() {
    let (inspection, read, took) = measured(huge());
    assert_eq!(Some(96), inspection.facts.video.unwrap().width);
    assert!(read < 64 << 10, "{read} bytes were read");
    assert!(took < Duration::from_millis(50), "{took:?}");
}

#[test]
fn a_file_of_nothing_but_boxes_is_unknown() {
    let data = [boxed(b"ftyp", b"isom\0\0\x02\0"), boxed(b"free", b"").repeat(10_001)].concat();
    let (inspection, read, _) = measured(data.as_slice());
    assert_eq!(Some(Unknown::TooMuchToRead), inspection.unknown);
    assert!(read <= 1 << 20, "{read}");
}

#[test]
fn an_index_above_64_mib_is_unknown() {
    let moov_len = (64_u64 << 20) + 100;
    let head =
        [boxed(b"ftyp", b"isom\0\0\x02\0"), u32::try_from(moov_len).unwrap().to_be_bytes().to_vec(), b"moov".to_vec()];
    let (inspection, read, _) = measured(Sparse { pieces: vec![(0, head.concat())], len: 16 + moov_len });
    assert_eq!(Some(Unknown::TooMuchToRead), inspection.unknown);
    assert!(read <= 1 << 20, "{read}");
}

/// A sample whose `stts` box says this of its frames.
fn with_durations(count: u32, delta: u32) -> Vec<u8> {
    let mut data = bytes_of("good_silent.mp4");
    let at = data.windows(4).position(|part| part == b"stts").unwrap();
    data[at + 12..at + 16].copy_from_slice(&count.to_be_bytes());
    data[at + 16..at + 20].copy_from_slice(&delta.to_be_bytes());
    data
}

#[test]
fn four_billion_frames_in_eight_bytes_cost_nothing() {
    for delta in [0, 1, 1000, u32::MAX] {
        let (_, _, took) = measured(with_durations(u32::MAX, delta).as_slice());
        assert!(took < Duration::from_millis(500), "{delta}: {took:?}");
    }
}

#[test]
fn random_bytes_and_no_bytes_are_unknown() {
    for data in [&b""[..], b"\0", b"ftyp", &[0xa7; 5000], b"\x1a\x45\xdf\xa3", b"\xff\xd8"] {
        let (inspection, ..) = measured(data);
        assert!(inspection.unknown.is_some() || inspection.facts.image.is_some(), "{data:?}: {inspection:?}");
    }
}

#[test]
fn an_error_of_the_system_stays_one() {
    struct Broken;
    impl ReadBytes for Broken {
        fn total_bytes(&self) -> u64 {
            100
        }
        fn read_some(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    assert_eq!(Some(5), inspect(&mut Broken, None).unwrap_err().raw_os_error());
}

/// An index of this many bytes, filled with these boxes again and again, inside boxes of these kinds.
fn filled(len: usize, filling: &[u8], around: &[&[u8; 4]]) -> Vec<u8> {
    let inner = around.iter().rev().fold(filling.repeat(len / filling.len()), |body, kind| boxed(kind, &body));
    [boxed(b"ftyp", b"isom\0\0\x02\0"), inner].concat()
}

#[test]
fn a_check_never_holds_more_than_32_mib() {
    let len = 60 << 20;
    let cases: [(&str, Vec<u8>); 8] = [
        ("empty boxes in the index", filled(len, &boxed(b"free", b""), &[b"moov"])),
        ("empty tracks", filled(len, &boxed(b"trak", b""), &[b"moov"])),
        ("tracks with a box each", filled(len, &boxed(b"trak", &boxed(b"mdia", b"")), &[b"moov"])),
        ("empty boxes in a track", filled(len, &boxed(b"free", b""), &[b"moov", b"trak", b"mdia", b"minf", b"stbl"])),
        ("a description of 60 MiB", filled(len, &[0; 16], &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"])),
        ("a header of 60 MiB", filled(len, &[0; 16], &[b"moov", b"mvhd"])),
        ("an edit list of 60 MiB", filled(len, &[1; 16], &[b"moov", b"trak", b"edts", b"elst"])),
        ("fragments", filled(len, &boxed(b"traf", &boxed(b"trun", &[0; 8])), &[b"moof"])),
    ];
    for (name, data) in cases {
        let (_, peak) = peak_of(|| inspect(&mut data.as_slice(), None).unwrap());
        assert!(peak <= MAX_MEMORY, "{name}: {peak} bytes");
    }
    for name in samples() {
        let data = bytes_of(&name);
        let (_, peak) = peak_of(|| inspect(&mut data.as_slice(), Some(&name)).unwrap());
        assert!(peak <= 2 << 20, "{name}: {peak} bytes");
    }
}
