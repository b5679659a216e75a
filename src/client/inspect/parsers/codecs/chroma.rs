//! How many values of color a picture has for its values of brightness, as ffprobe writes it.

pub(super) const MONOCHROME: &str = "4:0:0";
pub(in crate::client::inspect::parsers) const YUV_420: &str = "4:2:0";
pub(super) const YUV_422: &str = "4:2:2";
pub(super) const YUV_440: &str = "4:4:0";
pub(super) const YUV_444: &str = "4:4:4";
