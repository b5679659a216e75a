//! Where the refresh of an account's token stands: one for all who wait, never twice for the same token.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::client::error::{Error, Kind, Result};
use crate::client::observer::RequestReport;

/// How a refresh ended; nothing while it runs.
pub type Outcome = Option<Result<()>>;

/// The refreshes of one account.
#[derive(Default)]
pub struct Refreshes {
    state: Mutex<RefreshState>,
    delivery: Mutex<Delivery>,
    reports: Mutex<Vec<RequestReport>>,
}

#[derive(Default)]
enum RefreshState {
    #[default]
    Idle,
    /// The token of this version is being replaced.
    Running { version: u64, outcome: watch::Receiver<Outcome> },
    /// The refresh token of this version is used up, or may be, and brought nothing.
    Spent { version: u64, error: Error },
}

/// Whether the program has been given the newest tokens.
#[derive(Default)]
struct Delivery {
    due: bool,
    under_way: bool,
}

/// What somebody who needs a new token has to do.
pub enum RefreshClaim {
    /// Nothing: another refresh has brought it.
    Done,
    /// Nothing helps.
    Spent(Error),
    /// Wait for the refresh that runs.
    Wait(watch::Receiver<Outcome>),
    /// Run the refresh, send its outcome, and wait as well.
    Session(watch::Sender<Outcome>, watch::Receiver<Outcome>),
}

impl Refreshes {
    /// Somebody's token of version `refused` does not do any more; `newest` is the version that there is now.
    pub fn claim(&self, refused: u64, newest: impl FnOnce() -> u64) -> RefreshClaim {
        let mut state = lock(&self.state);
        // Asked under the lock: a refresh that ended in between has published its token before.
        if newest() != refused {
            return RefreshClaim::Done;
        }
        match &*state {
            RefreshState::Running { version, outcome } if *version == refused => match &*outcome.borrow() {
                // The task is gone without a word, so nobody knows what became of the refresh token.
                None if outcome.has_changed().is_err() => RefreshClaim::Spent(lost()),
                _ => RefreshClaim::Wait(outcome.clone()),
            },
            RefreshState::Spent { version, error } if *version == refused => RefreshClaim::Spent(error.clone()),
            _ => {
                let (sender, outcome) = watch::channel(None);
                *state = RefreshState::Running { version: refused, outcome: outcome.clone() };
                RefreshClaim::Session(sender, outcome)
            }
        }
    }

    /// The refresh has brought a new token, which was published.
    pub fn succeeded(&self) {
        lock(&self.delivery).due = true;
        *lock(&self.state) = RefreshState::Idle;
    }

    /// The refresh has failed. If the refresh token may be used up, it is not sent again.
    pub fn failed(&self, version: u64, error: &Error, may_be_spent: bool) {
        *lock(&self.state) =
            if may_be_spent { RefreshState::Spent { version, error: error.clone() } } else { RefreshState::Idle };
    }

    /// The refresh that runs now, if one does.
    pub fn running(&self) -> Option<watch::Receiver<Outcome>> {
        match &*lock(&self.state) {
            RefreshState::Running { outcome, .. } => Some(outcome.clone()),
            _ => None,
        }
    }

    /// Whether a refresh runs, or its tokens have not been given to the program.
    pub fn unsettled(&self) -> bool {
        self.running().is_some() || lock(&self.delivery).due
    }

    /// Whether the program is to be given new tokens by whoever asks; then it says how that went.
    pub fn begin_delivery(&self) -> bool {
        let mut delivery = lock(&self.delivery);
        let begun = delivery.due && !delivery.under_way;
        if begun {
            *delivery = Delivery { due: false, under_way: true };
        }
        begun
    }

    /// The program has taken the tokens, or has not: then they are still to be given.
    pub fn end_delivery(&self, taken: bool) {
        let mut delivery = lock(&self.delivery);
        delivery.under_way = false;
        delivery.due |= !taken;
    }

    /// Keeps what is to be told of the refresh's requests.
    pub fn keep_reports(&self, reports: Vec<RequestReport>) {
        lock(&self.reports).extend(reports);
    }

    /// Takes out what is to be told.
    pub fn take_reports(&self) -> Vec<RequestReport> {
        std::mem::take(&mut *lock(&self.reports))
    }
}

/// The error of a refresh of which nothing was heard.
pub fn lost() -> Error {
    let message = "TOKEN: the refresh was cut off before its answer came";
    let mut error = Error::new(Kind::Transport { connect: false }, message);
    error.retryable = false;
    error
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
