//! MP4 and QuickTime.

mod boxes;
mod descriptions;
mod fragments;
mod frame_rate;
mod meters;
mod movie;
mod samples;
mod tracks;

pub(super) use self::movie::{is_mp4, read};
