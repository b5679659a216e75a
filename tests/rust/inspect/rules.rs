//! The rules: each is broken by a sample of its own and found, and good files break none.

use std::collections::BTreeSet;

use xmedia::client::category::AccountTier;
use xmedia::client::inspect::facts::{ContentKind, FileFacts, Inspection};
use xmedia::client::inspect::rules::RULES;
use xmedia::client::inspect::{CheckOptions, Level, Report};

use super::samples::{found, report, report_with, samples};

/// Every sample that is not good, and what is to be found in it.
const BROKEN: [(&str, &[&str]); 53] = [
    ("animated_webp.webp", &["warning animated_webp"]),
    ("aspect_ratio.mp4", &["error aspect_ratio"]),
    ("audio_channels.mp4", &["error audio_channels"]),
    ("audio_codec_ac3.mp4", &["error audio_codec"]),
    ("audio_codec_mp3.mp4", &["error audio_codec"]),
    ("audio_codec_opus.mp4", &["error audio_codec"]),
    ("audio_codec_pcm.mov", &["error audio_codec"]),
    ("audio_profile.mp4", &["error audio_profile"]),
    ("bit_depth.mp4", &["error bit_depth"]),
    ("bit_depth_hevc.mp4", &["error bit_depth", "warning video_codec"]),
    ("bit_depth_vp9.webm", &["error bit_depth", "warning container", "warning video_codec"]),
    ("chroma_422.mp4", &["error chroma"]),
    ("chroma_444.mp4", &["error chroma"]),
    ("chroma_prores.mov", &["error chroma", "error bit_depth", "warning video_codec"]),
    ("chroma_vp9.webm", &["error chroma", "warning container", "warning video_codec"]),
    ("configuration.mp4", &["info configuration"]),
    ("container.avi", &["error container"]),
    ("container.mkv", &["error container"]),
    ("container.ts", &["warning container"]),
    ("container_vp8_opus.webm", &["warning container", "warning video_codec", "warning audio_codec"]),
    ("container_vp9.webm", &["warning container", "warning video_codec"]),
    ("dimensions.mp4", &["error dimensions"]),
    ("dimensions_large.mp4", &["warning dimensions"]),
    ("duration_126min.mp4", &["error duration"]),
    ("duration_21min.mp4", &["warning duration"]),
    ("duration_31s.mp4", &[]),
    ("duration_short.mp4", &["error duration"]),
    ("frame_rate.mp4", &["error frame_rate"]),
    ("frame_rate_burst.mp4", &["error frame_rate"]),
    ("gif_blocks.gif", &["warning gif_blocks"]),
    ("gif_dimensions.gif", &["error gif_dimensions"]),
    ("gif_frames.gif", &["error gif_frames"]),
    ("gif_pixels.gif", &["error gif_pixels"]),
    ("gop_frames.mp4", &["error gop_frames"]),
    ("gop_frames_fragments.mp4", &["error gop_frames"]),
    ("image_format.bmp", &["warning image_format"]),
    ("image_format.tiff", &["warning image_format"]),
    ("index.mp4", &["error index"]),
    ("open_gop.mp4", &["error open_gop"]),
    ("pixel_aspect.mp4", &["error pixel_aspect"]),
    ("scan.mp4", &["error scan"]),
    ("truncated.gif", &["error truncated"]),
    ("truncated.webm", &["error truncated", "warning container", "warning video_codec"]),
    ("truncated_fragment.mp4", &["error truncated"]),
    ("truncated_mdat.mp4", &["error truncated"]),
    ("truncated_moov.mp4", &["error truncated"]),
    ("unknown_20_bytes.mp4", &["info unknown"]),
    ("video_codec_av1.mp4", &["warning video_codec"]),
    ("video_codec_hevc.mp4", &["warning video_codec"]),
    ("video_codec_mjpeg.mov", &["warning video_codec"]),
    ("video_codec_mpeg4.mp4", &["warning video_codec"]),
    ("video_track.mp4", &["error video_track"]),
    ("good_moov_last.mp4", &[]),
];

#[test]
fn each_broken_sample_breaks_its_rule_and_no_other() {
    for (name, expected) in BROKEN {
        assert_eq!(expected, found(&report(name)), "{name}");
    }
}

#[test]
fn no_good_sample_breaks_a_rule() {
    let good: Vec<String> = samples().into_iter().filter(|name| name.starts_with("good_")).collect();
    assert!(good.len() >= 20, "{}", good.len());
    for name in good {
        assert_eq!(Vec::<String>::new(), found(&report(&name)), "{name}");
    }
}

#[test]
fn each_sample_stands_in_a_table() {
    let known: BTreeSet<&str> = BROKEN.iter().map(|(name, _)| *name).collect();
    let missing = samples().into_iter().filter(|name| !name.starts_with("good_") && !known.contains(name.as_str()));
    assert_eq!(Vec::<String>::new(), missing.collect::<Vec<_>>());
}

/// A video of which only this is known.
fn video(size: u64, seconds: f64) -> Inspection {
    let facts = FileFacts { container: Some("mp4".to_owned()), size, duration: Some(seconds), ..FileFacts::default() };
    Inspection { facts, content: ContentKind::Video, ..Inspection::default() }
}

fn found_in(inspection: &Inspection, category: Option<&str>, account: Option<AccountTier>) -> Vec<String> {
    found(&Report::of(inspection, &CheckOptions { media_category: category.map(str::to_owned), account }))
}

const GB: u64 = 1 << 30;
const MB: u64 = 1 << 20;

#[test]
fn limits_follow_the_category_and_the_account() {
    use AccountTier::{Default, Premium};
    let cases: [(u64, f64, Option<&str>, Option<AccountTier>, &[&str]); 22] = [
        (8 * GB, 1200.05, None, Some(Default), &[]),
        (8 * GB, 1200.1, None, Some(Default), &["error duration"]),
        (8 * GB + 1, 60.0, None, Some(Default), &["error size"]),
        (16 * GB, 7500.0, None, Some(Premium), &[]),
        (16 * GB + 1, 7500.1, None, Some(Premium), &["error duration", "error size"]),
        (16 * GB, 7500.0, None, None, &["warning duration", "warning size"]),
        (16 * GB + 1, 7500.1, None, None, &["error duration", "error size"]),
        (MB, 0.45, None, None, &[]),
        (MB, 0.44, None, None, &["error duration"]),
        (512 * MB, 140.05, Some("dm_video"), Some(Default), &[]),
        (512 * MB + 1, 140.1, Some("dm_video"), Some(Default), &["error duration", "error size"]),
        (512 * MB + 1, 140.1, Some("dm_video"), None, &["warning duration", "warning size"]),
        (GB, 600.0, Some("dm_video"), Some(Premium), &[]),
        (GB + 1, 600.1, Some("dm_video"), Some(Premium), &["error duration", "error size"]),
        (GB + 1, 600.1, Some("DmVideo"), Some(Premium), &["error duration", "error size"]),
        (MB, 30.05, Some(""), None, &[]),
        (MB, 30.1, Some(""), None, &["error duration"]),
        (500 * MB, 600.0, Some("amplify_video"), None, &[]),
        (500 * MB + 1, 600.0, Some("amplify_video"), None, &["info promoted"]),
        (500 * MB, 600.1, Some("amplify_video"), None, &["info promoted"]),
        (MB, 5.0, Some("tweet_image"), None, &["error category"]),
        (MB, 5.0, Some("something_new"), None, &[]),
    ];
    for (size, seconds, category, account, expected) in cases {
        let case = format!("{size} bytes, {seconds} s, {category:?}, {account:?}");
        assert_eq!(expected, found_in(&video(size, seconds), category, account), "{case}");
    }
}

#[test]
fn images_have_limits_of_their_own() {
    let image = |content, container: &str, size| Inspection {
        facts: FileFacts { container: Some(container.to_owned()), size, ..FileFacts::default() },
        content,
        ..Inspection::default()
    };
    let cases: [(Inspection, Option<&str>, &[&str]); 12] = [
        (image(ContentKind::Image, "png", 5 * MB), None, &[]),
        (image(ContentKind::Image, "png", 5 * MB + 1), None, &["error size"]),
        (image(ContentKind::Image, "png", 1), Some("tweet_video"), &["error category"]),
        (image(ContentKind::Image, "gif", 6 * MB), Some("tweet_gif"), &[]),
        (image(ContentKind::Animation, "gif", 15 * MB), None, &[]),
        (image(ContentKind::Animation, "gif", 15 * MB + 1), None, &["error size"]),
        (image(ContentKind::Animation, "gif", 5 * MB), Some(""), &[]),
        (image(ContentKind::Animation, "gif", 5 * MB + 1), Some(""), &["error size"]),
        (image(ContentKind::Animation, "gif", 1), Some("tweet_image"), &["error category"]),
        (image(ContentKind::Subtitles, "srt", MB), None, &[]),
        (image(ContentKind::Subtitles, "srt", MB + 1), None, &["error size"]),
        (image(ContentKind::Subtitles, "srt", 1), Some("tweet_video"), &["error category"]),
    ];
    for (inspection, category, expected) in cases {
        assert_eq!(expected, found_in(&inspection, category, None), "{:?} {category:?}", inspection.facts);
    }
}

#[test]
fn every_rule_is_broken_by_a_case_above() {
    let mut broken: BTreeSet<(&str, Level)> =
        [("category", Level::Error), ("size", Level::Error), ("size", Level::Warning), ("promoted", Level::Info)]
            .into();
    for (name, _) in BROKEN {
        broken.extend(report(name).findings.iter().map(|finding| (finding.rule, finding.level)));
    }
    let missing = RULES.iter().map(|rule| (rule.id, rule.level)).filter(|rule| !broken.contains(rule));
    assert_eq!(Vec::<(&str, Level)>::new(), missing.collect::<Vec<_>>());
}

#[test]
fn a_clip_without_a_category_may_have_thirty_seconds() {
    assert_eq!(vec!["error duration"], found(&report_with("duration_31s.mp4", Some(""), None)));
    assert_eq!(Vec::<String>::new(), found(&report_with("good_moov_last.mp4", Some(""), None)));
}

#[test]
fn messages_have_both_sizes_and_say_what_is_allowed() {
    let report = Report::of(&video(17 * GB, 60.0), &CheckOptions::default());
    let finding = &report.findings[0];
    assert_eq!(
        "the file has 17 GB (18,253,611,008 bytes), and X takes 16 GB (17,179,869,184 bytes) at most",
        finding.message
    );
    assert_eq!(Some("at most 16 GB (17,179,869,184 bytes)"), finding.allowed.as_deref());
}
