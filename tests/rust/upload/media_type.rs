//! Files distinguished by their first bytes and names, against the documented lists (docs/how/wire.md#3-api-2).

use xmedia::client::category::MediaClass;
use xmedia::client::inspect::format::{Format, of_head, of_name};
use xmedia::client::inspect::webp_is_animated;
use xmedia::client::upload::media_type::{GifScan, category};
use xmedia::client::x_values::MediaCategory;

fn taken(format: Option<Format>) -> Option<&'static str> {
    if let Some(Format::Taken(media_type)) = format { Some(media_type) } else { None }
}

fn padded(start: &[u8]) -> Vec<u8> {
    let mut head = start.to_vec();
    head.resize(64, 0);
    head
}

fn ftyp(brand: &str) -> Vec<u8> {
    padded(&[b"\0\0\0\x18ftyp", brand.as_bytes(), b"\0\0\0\0"].concat())
}

fn zip(name: &str) -> Vec<u8> {
    let mut head = b"PK\x03\x04".to_vec();
    head.resize(26, 0);
    head.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    head.extend([0, 0]);
    head.extend(name.as_bytes());
    head
}

fn transport_stream() -> Vec<u8> {
    let mut packet = vec![0xff; 188 * 3];
    for start in [0, 188, 376] {
        packet[start] = 0x47;
    }
    packet
}

#[test]
fn first_bytes() {
    let cases: [(Vec<u8>, Option<&str>); 27] = [
        (ftyp("isom"), Some("video/mp4")),
        (ftyp("mp42"), Some("video/mp4")),
        (ftyp("M4V "), Some("video/mp4")),
        (ftyp("iso8"), Some("video/mp4")),
        (ftyp("cmfc"), Some("video/mp4")),
        (ftyp("qt  "), Some("video/quicktime")),
        (ftyp("avif"), None),
        (ftyp("heic"), None),
        (ftyp("M4A "), None),
        (padded(b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm"), Some("video/webm")),
        (padded(b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska"), None),
        (transport_stream(), Some("video/mp2t")),
        (padded(b"G and then something else"), None),
        (padded(b"\xff\xd8\xff\xe0"), Some("image/jpeg")),
        (padded(b"\x89PNG\r\n\x1a\n"), Some("image/png")),
        (padded(b"GIF89a"), Some("image/gif")),
        (padded(b"GIF87a"), Some("image/gif")),
        (padded(b"RIFF\x10\0\0\0WEBPVP8 "), Some("image/webp")),
        (padded(b"BM\x10\0\0\0"), Some("image/bmp")),
        (padded(b"II*\0\x08\0\0\0"), Some("image/tiff")),
        (padded(b"MM\0*\0\0\0\x08"), Some("image/tiff")),
        (padded(b"glTF\x02\0\0\0"), Some("model/gltf-binary")),
        (zip("scene.usdc"), Some("model/vnd.usdz+zip")),
        (zip("letter.txt"), None),
        (b"WEBVTT\n\n".to_vec(), Some("text/vtt")),
        (b"".to_vec(), None),
        (padded(b"%PDF-1.7"), None),
    ];
    for (head, media_type) in cases {
        assert_eq!(taken(of_head(&head)), media_type, "{}", head[..head.len().min(20)].escape_ascii());
    }
}

#[test]
fn names() {
    for (name, media_type) in
        [("a.srt", Some("text/srt")), ("A.VTT", Some("text/vtt")), ("a.mkv", None), ("srt", None), ("", None)]
    {
        assert_eq!(taken(of_name(name)), media_type);
    }
}

#[test]
fn categories() {
    for (media_type, animated, expected) in [
        ("video/mp4", false, Some("tweet_video")),
        ("image/png", false, Some("tweet_image")),
        ("image/gif", false, Some("tweet_image")),
        ("image/gif", true, Some("tweet_gif")),
        ("image/webp", true, Some("tweet_gif")),
        ("text/srt", false, Some("subtitles")),
        ("model/gltf-binary", false, None),
    ] {
        assert_eq!(category(media_type, animated).as_ref().map(MediaCategory::as_str), expected, "{media_type}");
    }
    for (name, class) in [
        ("tweet_image", MediaClass::Image),
        ("TweetImage", MediaClass::Image),
        ("dm_gif", MediaClass::Gif),
        ("amplify_video", MediaClass::Video),
        ("AmplifyVideo", MediaClass::Video),
        ("subtitles", MediaClass::Subtitles),
    ] {
        assert_eq!(MediaClass::of(name), class, "{name}");
    }
}

#[test]
fn animated_webp() {
    let with = |kind: &[u8], flags| [b"RIFF\0\0\0\0WEBP", kind, b"\x0a\0\0\0", &[flags], &[0; 9][..]].concat();
    assert!(webp_is_animated(&with(b"VP8X", 0x02)));
    assert!(!webp_is_animated(&with(b"VP8X", 0x10)));
    assert!(!webp_is_animated(&with(b"VP8L", 0x02)));
    assert!(!webp_is_animated(b"RIFF"));
}

fn gif(frames: usize, global_table: bool, local_table: bool) -> Vec<u8> {
    let mut gif = b"GIF89a\x01\0\x01\0".to_vec();
    gif.extend([if global_table { 0x81 } else { 0 }, 0, 0]);
    gif.extend(vec![0x2c; if global_table { 12 } else { 0 }]);
    // A comment that looks like images.
    gif.extend(b"\x21\xfe\x03\x2c\x2c\x2c\0");
    for _ in 0..frames {
        gif.extend(b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0");
        gif.push(if local_table { 0x80 } else { 0 });
        gif.extend(vec![0x2c; if local_table { 6 } else { 0 }]);
        gif.extend(b"\x02\x02\x2c\x2c\0");
    }
    gif.push(0x3b);
    gif
}

#[test]
fn images_of_a_gif_are_counted_however_it_is_cut() {
    for (global_table, local_table) in [(false, false), (true, false), (false, true), (true, true)] {
        for (frames, animated) in [(0, false), (1, false), (2, true), (9, true)] {
            let gif = gif(frames, global_table, local_table);
            for size in [1, 2, 5, 13, 1000] {
                let mut scan = GifScan::default();
                let answer = gif.chunks(size).find_map(|piece| scan.take(piece));
                assert_eq!(answer, Some(animated), "{frames} frames, pieces of {size}");
            }
        }
    }
    let mut scan = GifScan::default();
    assert_eq!(scan.take(&gif(1, true, false)[..40]), None);
    assert_eq!(scan.take(b""), None);
}
