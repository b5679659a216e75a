//! What the verbs of a client work with; it knows none of them.

use std::sync::Arc;
use std::time::Duration;

use crate::client::auth::Account;
use crate::client::call::{CallOptions, Hooks};
use crate::client::config::Options;
use crate::client::deadline::Deadline;
use crate::client::http::Transport;
use crate::client::limits::AppLimits;
use crate::client::model::ApiVersion;
use crate::client::record::Recorder;
use crate::client::retry::budget::Budget;
use crate::client::stats::Counters;

/// Connections, an account, options, the retry budget and counters. Clones share them.
#[derive(Clone)]
pub struct ClientInner {
    pub(in crate::client) transport: Arc<Transport>,
    pub(in crate::client) account: Arc<Account>,
    pub(in crate::client) app_limits: Arc<AppLimits>,
    pub(in crate::client) options: Arc<Options>,
    pub(in crate::client) budget: Arc<Budget>,
    pub(in crate::client) stats: Arc<Counters>,
    pub(in crate::client) recorder: Option<Arc<Recorder>>,
}

impl ClientInner {
    pub(in crate::client) fn new(transport: Arc<Transport>, account: Arc<Account>, options: Arc<Options>) -> Self {
        let app_limits = AppLimits::of(account.credentials().app(), &transport.options().hosts.api);
        let recorder = options.record.as_ref().map(Recorder::of);
        let (budget, stats) = (Arc::default(), Arc::default());
        ClientInner { transport, account, app_limits, options, budget, stats, recorder }
    }

    /// Where this client's requests for media go.
    pub(in crate::client) fn host(&self) -> &str {
        let hosts = &self.transport.options().hosts;
        match self.options.api {
            ApiVersion::V1_1 => &hosts.upload,
            ApiVersion::V2 => &hosts.api,
        }
    }

    /// How a verb that is one command is carried out.
    pub(in crate::client) fn call_options<'a>(
        &'a self,
        timeout: Option<Duration>,
        hooks: Hooks<'a>,
    ) -> CallOptions<'a> {
        let (deadline, retry) = (Deadline::after(timeout), self.options.retry.as_ref());
        CallOptions { deadline, retry, hooks, limiter: None, success_ends_call: true }
    }
}
