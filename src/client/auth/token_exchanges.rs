//! Which exchanges of tokens are under way in this process: whoever ends it waits for them, since a refresh token that
//! was sent is used up, whether or not its answer was kept.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::sync::{lock, unpoisoned};
use crate::system::fork::PerProcess;

static COUNT: PerProcess<Count> = PerProcess::new();

#[derive(Default)]
struct Count {
    number: Mutex<usize>,
    changed: Condvar,
}

/// An exchange that is under way as long as this lives.
pub struct UnderWay(Arc<Count>);

impl UnderWay {
    /// One more is under way.
    pub fn begin() -> Self {
        let count = COUNT.get_or_default();
        *lock(&count.number) += 1;
        UnderWay(count)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        *lock(&self.0.number) -= 1;
        self.0.changed.notify_all();
    }
}

/// Waits so long until none is under way; whether that is so. It blocks.
pub fn wait_until_none(timeout: Duration) -> bool {
    let count = COUNT.get_or_default();
    let number = lock(&count.number);
    let waited = count.changed.wait_timeout_while(number, timeout, |number| *number > 0);
    *unpoisoned(waited).0 == 0
}
