//! Rules for how long and how large a file is, and for its bitrates.

use super::breach::{Breach, breach};
use super::subject::Subject;
use crate::client::category::{AccountTier, is_promoted};
use crate::client::inspect::facts::ContentKind;
use crate::client::x_limits::{
    MAX_GIF_BYTES_WITHOUT_CATEGORY, MAX_PROMOTED_BYTES, MAX_PROMOTED_SECONDS, MAX_VIDEO_SECONDS_WITHOUT_CATEGORY,
    MIN_VIDEO_SECONDS,
};

/// How much a duration may be off: videos of "140 s" are longer by a frame or two.
const SLACK_SECONDS: f64 = 0.05;

pub(super) fn wrong_duration(subject: &Subject) -> Option<Breach> {
    let seconds = subject.seconds()?;
    let found = format!("{} s", short(seconds));
    if seconds < MIN_VIDEO_SECONDS - SLACK_SECONDS {
        return breach(&found, "at least 0.5 s", format!("the video is {found} long, and X takes 0.5 s at least"));
    }
    let without = MAX_VIDEO_SECONDS_WITHOUT_CATEGORY;
    if subject.class.is_none() && seconds > without + SLACK_SECONDS {
        let message = format!("the video is {found} long, and X takes {without} s at most without a media_category");
        return breach(&found, format!("at most {without} s"), message);
    }
    let limit = subject.limits?.max_seconds?;
    let (most, whose) = match subject.account {
        Some(AccountTier::Default) => (limit.default, " from accounts without Premium"),
        _ => (limit.premium, ""),
    };
    if seconds <= most + SLACK_SECONDS {
        return None;
    }
    let message = format!("the video is {found} long, and X takes {most} s at most{whose}");
    breach(found, format!("at most {most} s"), message)
}

pub(super) fn needs_premium_duration(subject: &Subject) -> Option<Breach> {
    let (seconds, limit) = (subject.seconds()?, subject.limits?.max_seconds?);
    let slack = SLACK_SECONDS;
    let between = seconds > limit.default + slack && seconds <= limit.premium + slack;
    (between && subject.account.is_none() && subject.class.is_some()).then_some(())?;
    let found = format!("{} s", short(seconds));
    let message = format!("the video is {found} long: that needs Premium; other accounts may send {} s", limit.default);
    breach(found, format!("at most {} s without Premium", limit.default), message)
}

pub(super) fn too_many_bytes(subject: &Subject) -> Option<Breach> {
    let size = subject.size();
    let (default, premium) = (subject.max_bytes(AccountTier::Default), subject.max_bytes(AccountTier::Premium));
    let is_gif = subject.class.is_none() && subject.inspection.content == ContentKind::Animation;
    let (most, whose) = match subject.account {
        _ if is_gif => (MAX_GIF_BYTES_WITHOUT_CATEGORY, " without a media_category"),
        Some(AccountTier::Default) if default != premium => (default, " from accounts without Premium"),
        _ => (premium, ""),
    };
    if size <= most {
        return None;
    }
    let message = format!("the file has {}, and X takes {} at most{whose}", bytes(size), bytes(most));
    breach(bytes(size), format!("at most {}", bytes(most)), message)
}

pub(super) fn needs_premium_bytes(subject: &Subject) -> Option<Breach> {
    let size = subject.size();
    let (default, premium) = (subject.max_bytes(AccountTier::Default), subject.max_bytes(AccountTier::Premium));
    (subject.account.is_none() && size > default && size <= premium).then_some(())?;
    let (found, most) = (bytes(size), bytes(default));
    let message = format!("the file has {found}: that needs Premium; other accounts may send {most}");
    breach(found, format!("at most {most} without Premium"), message)
}

pub(super) fn promoted(subject: &Subject) -> Option<Breach> {
    is_promoted(&subject.category).then_some(())?;
    let seconds = subject.seconds().filter(|seconds| *seconds > MAX_PROMOTED_SECONDS + SLACK_SECONDS);
    let allowed = "at most 10 min and 500 MB, MP4 or MOV";
    let found = match seconds {
        Some(seconds) => format!("{} s", short(seconds)),
        None if subject.size() > MAX_PROMOTED_BYTES => bytes(subject.size()),
        None => subject.container().filter(|name| !matches!(*name, "mp4" | "mov"))?.to_owned(),
    };
    let message = format!("the video has {found}; promoted videos may have {allowed}");
    breach(found, allowed, message)
}

pub(super) fn video_bitrate(subject: &Subject) -> Option<Breach> {
    let rate = subject.inspection.video_bitrate.filter(|rate| *rate < 5_000_000)? / 1000;
    let message = format!("the video has {rate} kbit/s; X recommends 5000 or more");
    breach(format!("{rate} kbit/s"), "5000 kbit/s or more", message)
}

pub(super) fn audio_bitrate(subject: &Subject) -> Option<Breach> {
    let rate = subject.inspection.audio_bitrate.filter(|rate| *rate < 120_000)? / 1000;
    let message = format!("the audio has {rate} kbit/s; X recommends 128 or more");
    breach(format!("{rate} kbit/s"), "128 kbit/s or more", message)
}

/// A number with at most three decimals.
pub(super) fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A size in the unit that fits, and in bytes.
fn bytes(size: u64) -> String {
    let exact = grouped(size);
    let units = [("GB", 30), ("MB", 20), ("KB", 10)];
    match units.into_iter().find(|(_, shift)| size >> shift > 0) {
        Some((unit, shift)) => {
            let number = format!("{:.2}", size as f64 / f64::from(1_u32 << shift));
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit} ({exact} bytes)")
        }
        None => format!("{exact} bytes"),
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
