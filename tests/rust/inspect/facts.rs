//! Facts of the samples, as ffprobe has them; `make samples` compares many more with ffprobe itself.

use super::samples::inspect_sample;

#[test]
fn a_track_of_video_is_described() {
    let inspection = inspect_sample("good_phone_turned.mp4");
    let video = inspection.facts.video.unwrap();
    assert_eq!(Some("mp4"), inspection.facts.container.as_deref());
    assert_eq!(Some("video/mp4"), inspection.facts.media_type.as_deref());
    assert_eq!(Some(1.0), inspection.facts.duration);
    assert_eq!((Some("h264"), Some("High")), (video.codec.as_deref(), video.profile.as_deref()));
    assert_eq!((Some(96), Some(64)), (video.width, video.height));
    assert_eq!((Some(64), Some(96)), (video.display_width, video.display_height));
    assert_eq!(Some((1, 1)), video.pixel_aspect);
    assert_eq!(Some(10.0), video.frame_rate);
    assert_eq!((Some(8), Some("4:2:0"), Some("progressive")), (video.bit_depth, video.chroma, video.scan));
    assert_eq!(Some(90), video.rotation);
    assert_eq!((Some(10), Some(false)), (video.gop_frames, video.open_gop));
}

#[test]
fn a_track_of_audio_is_described() {
    let audio = |name: &str| {
        let audio = inspect_sample(name).facts.audio.unwrap();
        (audio.codec.unwrap(), audio.profile.unwrap_or_default(), audio.channels.unwrap(), audio.sample_rate.unwrap())
    };
    let aac = |profile: &str, channels, rate| ("aac".to_owned(), profile.to_owned(), channels, rate);
    assert_eq!(aac("LC", 1, 44100), audio("good_mono.mp4"));
    assert_eq!(aac("LC", 6, 48000), audio("audio_channels.mp4"));
    assert_eq!("HE-AAC", audio("audio_profile.mp4").1);
    assert_eq!("pcm_s16le", audio("audio_codec_pcm.mov").0);
    assert_eq!("opus", audio("container_vp8_opus.webm").0);
}

#[test]
fn the_longest_group_runs_across_fragments() {
    let gop = |name: &str| inspect_sample(name).facts.video.unwrap().gop_frames;
    assert_eq!(Some(540), gop("gop_frames_fragments.mp4"));
    assert_eq!(Some(540), gop("gop_frames.mp4"));
    assert_eq!(Some(5), gop("good_fragments.mp4"));
    assert_eq!(Some(1), gop("good_all_key_frames.mp4"));
}

#[test]
fn a_burst_shows_in_the_momentary_rate_and_not_in_the_average() {
    let inspection = inspect_sample("frame_rate_burst.mp4");
    assert!(inspection.facts.video.unwrap().frame_rate.unwrap() < 60.0);
    assert_eq!(Some(98), inspection.peak_frame_rate);
    assert_eq!(Some(60), inspect_sample("good_60fps_in_milliseconds.mp4").peak_frame_rate);
    assert_eq!(Some(60), inspect_sample("good_59_94fps.mp4").peak_frame_rate);
}

#[test]
fn an_edit_list_counts_in_the_duration() {
    assert_eq!(Some(1.5), inspect_sample("good_edit_list_delay.mp4").facts.duration);
}

#[test]
fn a_configuration_that_is_not_understood_leaves_its_facts_unknown() {
    let video = inspect_sample("configuration.mp4").facts.video.unwrap();
    assert_eq!((Some("h264"), Some(96)), (video.codec.as_deref(), video.width));
    assert_eq!((None, None, None), (video.chroma, video.bit_depth, video.scan));
}

#[test]
fn images_have_sizes_and_frames() {
    let image = |name: &str| {
        let image = inspect_sample(name).facts.image.unwrap();
        (image.width.unwrap(), image.height.unwrap(), image.frames.unwrap())
    };
    assert_eq!((64, 48, 1), image("good_image.jpg"));
    assert_eq!((64, 48, 1), image("good_image.png"));
    assert_eq!((64, 48, 1), image("good_image.webp"));
    assert_eq!((64, 48, 1), image("image_format.bmp"));
    assert_eq!((64, 48, 1), image("image_format.tiff"));
    assert_eq!((64, 48, 10), image("good_animated.gif"));
    assert_eq!((64, 48, 10), image("gif_blocks.gif"));
    assert_eq!((64, 48, 1), image("good_still.gif"));
    assert_eq!((64, 48, 5), image("animated_webp.webp"));
}
