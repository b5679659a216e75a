//! Where the refresh of an account's token stands: one for all who wait, never twice for the same token.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::client::error::{Error, Kind, Result};
use crate::client::kept_exchange::KeptExchange;
use crate::client::observer::RequestReport;
use crate::sync::lock;

/// How a refresh ended; nothing while it runs.
pub type Outcome = Option<Result<Renewal>>;

/// Where a newer token came from.
#[derive(Clone, Debug)]
pub enum Renewal {
    /// From the server, just now, by these requests.
    Refreshed(Vec<Arc<dyn KeptExchange>>),
    /// Somebody else had it refreshed; it may have run out since.
    Found,
}

/// The refreshes of one account.
#[derive(Default)]
pub struct Refreshes {
    state: Mutex<RefreshState>,
    delivery: Mutex<Delivery>,
    notices: Mutex<Notices>,
}

#[derive(Default)]
enum RefreshState {
    #[default]
    Idle,
    /// The token of this version is being replaced.
    Running { version: u64, outcome: Arc<watch::Sender<Outcome>> },
    /// The server has refused the refresh token of this version for good.
    Refused { version: u64, error: Error },
}

/// Whether the program has been given the newest tokens.
#[derive(Default)]
struct Delivery {
    due: bool,
    under_way: bool,
}

/// What the next call reports.
#[derive(Default)]
struct Notices {
    reports: Vec<RequestReport>,
    warnings: Vec<String>,
}

/// What somebody who needs a new token has to do.
pub enum RefreshClaim {
    /// Nothing: another refresh has brought it.
    Done,
    /// Nothing helps.
    Refused(Error),
    /// Wait for the refresh that runs.
    Wait(watch::Receiver<Outcome>),
    /// Run the refresh, send its outcome, and wait as well.
    Run(Run, watch::Receiver<Outcome>),
}

/// A refresh that is to be run. Dropped without an outcome, it counts as cut off.
pub struct Run {
    refreshes: Arc<Refreshes>,
    outcome: Arc<watch::Sender<Outcome>>,
    version: u64,
}

impl Refreshes {
    /// Somebody's token of version `refused` does not do any more; `newest` is the version that there is now.
    pub fn claim(self: &Arc<Self>, refused: u64, newest: impl FnOnce() -> u64) -> RefreshClaim {
        let mut state = lock(&self.state);
        // Asked under the lock: a refresh that ended in between has published its token before.
        if newest() != refused {
            return RefreshClaim::Done;
        }
        match &*state {
            RefreshState::Running { version, outcome } if *version == refused => {
                RefreshClaim::Wait(outcome.subscribe())
            }
            RefreshState::Refused { version, error } if *version == refused => RefreshClaim::Refused(error.clone()),
            _ => {
                let (sender, receiver) = watch::channel(None);
                let outcome = Arc::new(sender);
                *state = RefreshState::Running { version: refused, outcome: outcome.clone() };
                RefreshClaim::Run(Run { refreshes: self.clone(), outcome, version: refused }, receiver)
            }
        }
    }

    /// The refresh that runs now, if one does.
    pub fn running(&self) -> Option<watch::Receiver<Outcome>> {
        match &*lock(&self.state) {
            RefreshState::Running { outcome, .. } => Some(outcome.subscribe()),
            _ => None,
        }
    }

    /// Whether a refresh runs, or its tokens have not been given to the program.
    pub fn unsettled(&self) -> bool {
        matches!(*lock(&self.state), RefreshState::Running { .. }) || lock(&self.delivery).due
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

    /// Keeps the reports of the refresh's requests.
    pub fn keep_reports(&self, reports: Vec<RequestReport>) {
        lock(&self.notices).reports.extend(reports);
    }

    /// Takes out the reports of requests.
    pub fn take_reports(&self) -> Vec<RequestReport> {
        std::mem::take(&mut lock(&self.notices).reports)
    }

    /// Keeps a sentence that the user should read.
    pub fn warn(&self, text: String) {
        lock(&self.notices).warnings.push(text);
    }

    /// Takes out the sentences that the user should read.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.notices).warnings)
    }
}

impl Run {
    /// Comes back when nobody waits for the outcome any more; then this run is over.
    pub async fn abandoned(&self) {
        loop {
            self.outcome.closed().await;
            let mut state = lock(&self.refreshes.state);
            // Under the lock nobody can begin to wait.
            if self.outcome.receiver_count() == 0 {
                *state = RefreshState::Idle;
                return;
            }
        }
    }

    /// The server has given new tokens, which were published: the program is to be given them.
    pub fn refreshed(self, exchanges: Vec<Arc<dyn KeptExchange>>) {
        lock(&self.refreshes.delivery).due = true;
        self.end(RefreshState::Idle, Ok(Renewal::Refreshed(exchanges)));
    }

    /// Newer tokens were found and published.
    pub fn found(self) {
        self.end(RefreshState::Idle, Ok(Renewal::Found));
    }

    /// The refresh has failed. For good, if the server refused the refresh token; otherwise the next call tries again.
    pub fn failed(self, error: Error, for_good: bool) {
        let version = self.version;
        let state = if for_good {
            // The exchanges have the account, which has this.
            let mut error = error.clone();
            error.exchanges = Vec::new();
            RefreshState::Refused { version, error }
        } else {
            RefreshState::Idle
        };
        self.end(state, Err(error));
    }

    fn end(&self, state: RefreshState, outcome: Result<Renewal>) {
        *lock(&self.refreshes.state) = state;
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.outcome.borrow().is_none() {
            let is_ours = |state: &RefreshState| matches!(state, RefreshState::Running { outcome, .. } if Arc::ptr_eq(outcome, &self.outcome));
            let mut state = lock(&self.refreshes.state);
            if is_ours(&state) {
                *state = RefreshState::Idle;
            }
            drop(state);
            self.outcome.send_replace(Some(Err(cut_off())));
        }
    }
}

/// The error of a refresh whose outcome is not known.
pub fn cut_off() -> Error {
    Error::new(Kind::Transport { connect: false }, "TOKEN: the refresh was cut off before its answer came")
}
