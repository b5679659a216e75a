//! How a file is fixed: only the options that it needs, and none where nothing helps. `make samples` runs them.

use super::samples::{report, report_with};

/// The options of a sample, joined by blanks.
fn fix(name: &str) -> Option<String> {
    report(name).fix.map(|options| options.join(" "))
}

const H264: &str = "-c:v libx264 -profile:v high -pix_fmt yuv420p -x264-params open-gop=0:keyint=250";
const END: &str = "-movflags +faststart -f mp4";

#[test]
fn only_what_is_wrong_is_encoded_anew() {
    let cases = [
        ("audio_codec_pcm.mov", format!("-c:v copy -c:a aac -profile:a aac_low {END}")),
        ("audio_channels.mp4", format!("-c:v copy -c:a aac -profile:a aac_low -ac 2 {END}")),
        ("chroma_444.mp4", format!("{H264} -c:a copy {END}")),
        ("gop_frames.mp4", format!("{H264} {END}")),
        ("frame_rate.mp4", format!("-fpsmax 60 {H264} {END}")),
        ("scan.mp4", format!("-vf yadif=deint=interlaced {H264} {END}")),
        ("pixel_aspect.mp4", format!("-vf scale=144:64,setsar=1 {H264} {END}")),
        ("dimensions.mp4", format!("-vf scale=80:32,setsar=1 {H264} {END}")),
        ("container.mkv", format!("-c copy {END}")),
    ];
    for (name, expected) in cases {
        assert_eq!(Some(expected), fix(name), "{name}");
    }
}

#[test]
fn a_gif_over_its_limits_becomes_a_video() {
    let fix = fix("gif_frames.gif").unwrap();
    assert!(fix.contains("libx264") && fix.ends_with("-f mp4"), "{fix}");
}

#[test]
fn nothing_mends_what_only_another_file_mends() {
    let names = [
        "aspect_ratio.mp4",
        "duration_short.mp4",
        "duration_126min.mp4",
        "truncated_mdat.mp4",
        "truncated_moov.mp4",
        "index.mp4",
        "video_track.mp4",
        "unknown_20_bytes.mp4",
        "video_codec_hevc.mp4",
        "good_moov_last.mp4",
        "image_format.bmp",
    ];
    for name in names {
        assert_eq!(None, fix(name), "{name}");
    }
    assert_eq!(None, report_with("chroma_444.mp4", Some("tweet_image"), None).fix);
}

#[test]
fn the_summary_has_the_errors_and_the_command() {
    let summary = report("audio_codec_pcm.mov").summary(Some("a clip.mov")).unwrap();
    assert_eq!(
        "X will refuse \"a clip.mov\": the audio codec is pcm_s16le, and X takes AAC only. To fix it: ffmpeg -i INPUT \
         -c:v copy -c:a aac -profile:a aac_low -movflags +faststart -f mp4 OUTPUT",
        summary
    );
    assert_eq!(None, report("good_moov_last.mp4").summary(None));
}
