//! What is counted while the samples of a track are gone through: frame rates, groups of pictures, places to look at.

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

/// The longest group of pictures. It runs across fragments, and the last one counts.
#[derive(Debug, Default)]
pub(super) struct Groups {
    frames: u64,
    last_sync: u64,
    longest: u64,
}

impl Groups {
    /// Frames follow, of which the one at `sync` (counted among these) can be decoded by itself.
    pub(super) fn sync_at(&mut self, sync: u64) {
        let at = self.frames.saturating_add(sync);
        self.longest = self.longest.max(at.saturating_sub(self.last_sync));
        self.last_sync = self.last_sync.max(at);
    }

    /// Every one of the frames that follow can be decoded by itself.
    pub(super) fn all_sync(&mut self, frames: u64) {
        if frames > 0 {
            self.sync_at(0);
            self.longest = self.longest.max(1);
            self.last_sync = self.frames + (frames - 1);
        }
    }

    /// So many frames are over.
    pub(super) fn advance(&mut self, frames: u64) {
        self.frames = self.frames.saturating_add(frames);
    }

    /// The longest; `None` without any frame.
    pub(super) fn longest(&self) -> Option<u64> {
        (self.frames > 0).then(|| self.longest.max(self.frames.saturating_sub(self.last_sync)))
    }
}

/// Some of many things, spread evenly, without knowing beforehand how many there will be.
#[derive(Debug)]
pub(super) struct Spread<T> {
    kept: Vec<T>,
    stride: u64,
    seen: u64,
}

impl<T> Default for Spread<T> {
    fn default() -> Self {
        Spread { kept: Vec::new(), stride: 1, seen: 0 }
    }
}

impl<T> Spread<T> {
    /// How many are kept in the end.
    const MOST: usize = 256;

    pub(super) fn push(&mut self, item: T) {
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(item);
            if self.kept.len() >= 2 * Self::MOST {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
        }
        self.seen += 1;
    }

    /// At most 256 of them, in order.
    pub(super) fn finish(self) -> Vec<T> {
        let step = self.kept.len().div_ceil(Self::MOST).max(1);
        self.kept.into_iter().step_by(step).collect()
    }
}
