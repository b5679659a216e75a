//! What is counted while the samples of a track are gone through: groups of pictures, and places to look at.

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
    const MAX_KEPT: usize = 256;

    pub(super) fn push(&mut self, item: T) {
        if self.seen.is_multiple_of(self.stride) {
            self.kept.push(item);
            if self.kept.len() >= 2 * Self::MAX_KEPT {
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
        let step = self.kept.len().div_ceil(Self::MAX_KEPT).max(1);
        self.kept.into_iter().step_by(step).collect()
    }
}
