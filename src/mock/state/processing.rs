//! How far an upload's processing is: which of its steps a STATUS gets.

use std::sync::Arc;
use std::time::Instant;

use crate::mock::options::Step;

/// How far one upload's processing is.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    course: Arc<[Step]>,
    at: usize,
    since: Instant,
}

impl Progress {
    /// The course from its first answer on; `None` if it has none.
    pub(crate) fn start(course: Arc<[Step]>, now: Instant) -> Option<Self> {
        (!course.is_empty()).then_some(Progress { course, at: 0, since: now })
    }

    /// The answer that holds now.
    pub(crate) fn current(&self) -> Option<&Step> {
        self.course.get(self.at)
    }

    /// A STATUS was asked: takes the next answer if its time has come.
    pub(crate) fn poll(&mut self, now: Instant) {
        let due = self.current().is_some_and(|step| now.duration_since(self.since) >= step.wait);
        if due && self.at + 1 < self.course.len() {
            self.at += 1;
            self.since = now;
        }
    }
}
