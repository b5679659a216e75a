//! What the verbs of a client work with; it knows none of them.

use std::sync::Arc;
use std::time::Duration;

use super::auth::Account;
use super::call::{CallOptions, Hooks};
use super::config::Options;
use super::deadline::Deadline;
use super::http::Transport;
use super::limits::AppLimits;
use super::model::ApiVersion;
use super::record::Recorder;
use super::retry::budget::Budget;
use super::stats::Counters;

/// Connections, an account, options, the retry budget and counters. Clones share them.
#[derive(Clone)]
pub struct ClientInner {
    pub(super) transport: Arc<Transport>,
    pub(super) account: Arc<Account>,
    pub(super) app_limits: Arc<AppLimits>,
    pub(super) options: Arc<Options>,
    pub(super) budget: Arc<Budget>,
    pub(super) stats: Arc<Counters>,
    pub(super) recorder: Option<Arc<Recorder>>,
}

impl ClientInner {
    pub(super) fn new(transport: Arc<Transport>, account: Arc<Account>, options: Arc<Options>) -> Self {
        let app_limits = AppLimits::of(account.credentials().app(), &transport.options().hosts.api);
        let recorder = options.record.as_ref().map(Recorder::of);
        let (budget, stats) = (Arc::default(), Arc::default());
        ClientInner { transport, account, app_limits, options, budget, stats, recorder }
    }

    /// Where this client's requests for media go.
    pub(super) fn host(&self) -> &str {
        let hosts = &self.transport.options().hosts;
        match self.options.api {
            ApiVersion::V1_1 => &hosts.upload,
            ApiVersion::V2 => &hosts.api,
        }
    }

    pub(super) fn call_options<'a>(&'a self, timeout: Option<Duration>, hooks: Hooks<'a>) -> CallOptions<'a> {
        CallOptions { deadline: Deadline::after(timeout), retry: self.options.retry.as_ref(), hooks, limiter: None }
    }
}
