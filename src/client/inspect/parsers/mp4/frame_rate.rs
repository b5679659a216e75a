//! The frame rate of a track: the average, and the most frames within any one second.

use std::collections::VecDeque;

/// Frames a second above which it does not matter how many more there are.
const MAX_PEAK: usize = 10_000;
/// How many frames are gone through at most. Runs of equal durations are shortened, so that a whole film stays below.
const MAX_FRAMES: u64 = 4_000_000;

/// The most frames shown within any one second.
#[derive(Debug, Default)]
pub(super) struct PeakRate {
    timescale: u64,
    now: u64,
    /// When the frames of the last second were shown.
    shown: VecDeque<u64>,
    peak: usize,
    frames: u64,
}

impl PeakRate {
    pub(super) fn new(timescale: u64) -> Self {
        PeakRate { timescale: timescale.max(1), ..PeakRate::default() }
    }

    /// Takes frames of the same duration.
    pub(super) fn push(&mut self, count: u64, duration: u64) {
        // A run longer than two seconds has no window that a run of two seconds does not have.
        let enough = (2 * self.timescale).checked_div(duration).map_or(MAX_PEAK as u64, |frames| frames + 2);
        for _ in 0..count.min(enough) {
            self.frames += 1;
            if self.frames > MAX_FRAMES || self.peak >= MAX_PEAK {
                return;
            }
            while self.shown.front().is_some_and(|first| first.saturating_add(self.timescale) <= self.now) {
                self.shown.pop_front();
            }
            self.shown.push_back(self.now);
            self.peak = self.peak.max(self.shown.len());
            self.now = self.now.saturating_add(duration);
        }
    }

    /// The most there were; `None` without any frame.
    pub(super) fn peak(&self) -> Option<u64> {
        (self.peak > 0).then_some(self.peak as u64)
    }
}

/// Frames per second, on average; `None` without any frame or any time. It is divided once, so that 50 is no 49.99….
pub(super) fn average(frames: u64, duration: u64, timescale: u64) -> Option<f64> {
    let rate = frames as f64 * timescale.max(1) as f64 / duration as f64;
    (rate.is_finite() && rate > 0.0).then_some(rate)
}
