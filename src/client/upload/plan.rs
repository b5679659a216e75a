//! How a file is cut into segments: a pure function of its size, the API version and what was asked for.

use crate::client::error::{Error, Result};
use crate::client::model::ApiVersion;

/// The number of segments that a server takes (docs/how/wire.md#2-api-11).
pub const MAX_SEGMENTS: u64 = 1000;
/// What no version takes more than (docs/how/wire.md#3-api-2).
pub const MAX_TOTAL_BYTES: u64 = 17_179_869_184;
/// The default size. X answers 413 near 5 MB, and 1 MiB is sent again quickly.
const DEFAULT_SEGMENT_BYTES: u64 = 1 << 20;
/// The largest segment of v1.1.
const MAX_SEGMENT_BYTES_V1_1: u64 = 5_000_000;

/// A file's segments: all of the same size, but for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The file's size.
    pub total_bytes: u64,
    /// The size of every segment but the last.
    pub segment_bytes: u64,
}

impl Plan {
    /// The segments of a file of this size. A size that was asked for is raised if 1000 of them would not suffice.
    pub fn new(total_bytes: u64, api: ApiVersion, asked: Option<u64>) -> Result<Self> {
        let max = match api {
            ApiVersion::V1_1 => MAX_SEGMENT_BYTES_V1_1,
            ApiVersion::V2 => MAX_TOTAL_BYTES,
        };
        let min = total_bytes.div_ceil(MAX_SEGMENTS).max(1);
        if asked.is_some_and(|asked| asked == 0 || asked > max) {
            return Err(Error::invalid_input(format!("segment_bytes: 1 to {max} are allowed")));
        }
        if min > max {
            return Err(Error::invalid_input(format!(
                "the file has {total_bytes} bytes, and API 1.1 takes {MAX_SEGMENTS} segments of {max} bytes at max; \
                 use api=\"2\" for it"
            )));
        }
        Ok(Plan { total_bytes, segment_bytes: asked.unwrap_or(DEFAULT_SEGMENT_BYTES).max(min) })
    }

    /// How many segments there are.
    pub fn segments(&self) -> u16 {
        u16::try_from(self.total_bytes.div_ceil(self.segment_bytes.max(1))).unwrap_or(u16::MAX)
    }

    /// Where a segment begins and how long it is.
    pub fn segment(&self, index: u16) -> (u64, u64) {
        let offset = u64::from(index).saturating_mul(self.segment_bytes).min(self.total_bytes);
        (offset, self.segment_bytes.min(self.total_bytes - offset))
    }

    /// The next plan to try when a segment of this one was too large for the server, if there is one.
    pub fn halved(&self) -> Option<Self> {
        let now = self.segment_bytes.min(self.total_bytes);
        let min = self.total_bytes.div_ceil(MAX_SEGMENTS);
        let segment_bytes = (now / 2).max(min).max(1);
        (segment_bytes < now).then_some(Plan { segment_bytes, ..*self })
    }
}
