//! How a file is cut into segments: a pure function of its size, the API version and what was asked for.

use crate::client::error::{Error, Result};
use crate::client::model::ApiVersion;
use crate::client::x_limits::{max_segment_bytes, max_segments};

/// The smallest segment of our own choosing: it is sent again quickly.
const MIN_DEFAULT_BYTES: u64 = 1 << 20;
/// The largest one: X was seen to answer 413 at 5 MiB, and its own samples send this.
const MAX_DEFAULT_BYTES: u64 = 4 << 20;

/// A file's segments: all of the same size, but for the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The file's size.
    pub total_bytes: u64,
    /// The size of every segment but the last.
    pub segment_bytes: u64,
    /// Whose limits hold.
    pub api: ApiVersion,
}

impl Plan {
    /// The segments of a file of this size, of which so many are to be in flight. A size that was asked for is raised if
    /// the number of segments that the version takes would not suffice.
    pub fn new(total_bytes: u64, api: ApiVersion, asked: Option<u64>, concurrency: usize) -> Result<Self> {
        check_segment_bytes(asked, api)?;
        let most = max_segment_bytes(api);
        let least = min_segment_bytes(total_bytes, api);
        if least > most {
            return Err(Error::invalid_input(format!(
                "the file has {total_bytes} bytes, and API {} takes {} segments of {most} bytes at most; use api=\"2\" \
                 for it",
                api.as_str(),
                max_segments(api)
            )));
        }
        let share = total_bytes.div_ceil(u64::try_from(concurrency).unwrap_or(u64::MAX).max(1));
        let segment_bytes = asked.unwrap_or(share.clamp(MIN_DEFAULT_BYTES, MAX_DEFAULT_BYTES)).max(least);
        Ok(Plan { total_bytes, segment_bytes, api })
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
        let segment_bytes = (now / 2).max(self.min_segment_bytes());
        (segment_bytes < now).then_some(Plan { segment_bytes, ..*self })
    }

    /// The smallest segments of which the server would take enough.
    pub fn min_segment_bytes(&self) -> u64 {
        min_segment_bytes(self.total_bytes, self.api)
    }
}

/// Refuses a size of segments that is not one this version takes, whatever the file.
pub fn check_segment_bytes(asked: Option<u64>, api: ApiVersion) -> Result<()> {
    let most = max_segment_bytes(api);
    if asked.is_some_and(|asked| asked == 0 || asked > most) {
        let version = api.as_str();
        return Err(Error::invalid_input(format!("segment_bytes must be from 1 to {most} with API {version}")));
    }
    Ok(())
}

/// The smallest segments of which this version takes enough for a file of this size.
pub fn min_segment_bytes(total_bytes: u64, api: ApiVersion) -> u64 {
    total_bytes.div_ceil(max_segments(api)).max(1)
}
