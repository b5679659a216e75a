//! How far an upload's processing is: which of its steps a STATUS gets.

use std::sync::Arc;
use std::time::Instant;

use crate::mock::options::Step;

/// How far one upload's processing is.
#[derive(Clone, Debug)]
pub(crate) struct Processing {
    steps: Arc<[Step]>,
    at: usize,
    since: Instant,
}

impl Processing {
    /// The steps from its first response on; `None` if it has none.
    pub(crate) fn start(steps: Arc<[Step]>, now: Instant) -> Option<Self> {
        (!steps.is_empty()).then_some(Processing { steps, at: 0, since: now })
    }

    /// The response that holds now.
    pub(crate) fn current(&self) -> Option<&Step> {
        self.steps.get(self.at)
    }

    /// A STATUS was asked: takes the next response if its time has come.
    pub(crate) fn poll(&mut self, now: Instant) {
        let due = self.current().is_some_and(|step| now.duration_since(self.since) >= step.wait);
        if due && self.at + 1 < self.steps.len() {
            self.at += 1;
            self.since = now;
        }
    }
}
