//! The refresh of an OAuth 2.0 token: a task of its own, which no cancelled call aborts, since the refresh token it sends
//! is used up by being sent.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::client::auth::oauth2::{Credentials, Token};
use crate::client::auth::refresh::{Outcome, RefreshClaim, lost};
use crate::client::call::{CallOptions, Hooks};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result};
use crate::client::inner::ClientInner;
use crate::client::observer::{EventFilter, Observer, Progress, RequestReport};
use crate::client::protocol::{Answer, Command};
use crate::client::retry;

/// How long a refresh may take in all, however long its callers wait.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(60);

impl ClientInner {
    /// Has the token of this version replaced, together with all others who want that.
    pub(super) async fn ensure_refreshed(&self, credentials: &Credentials, refused: u64) -> Result<()> {
        let newest = || credentials.newest().map_or(refused, |token| token.version);
        let mut outcome = match self.account.refreshes().claim(refused, newest) {
            RefreshClaim::Done => return Ok(()),
            RefreshClaim::Spent(error) => return Err(error),
            RefreshClaim::Wait(outcome) => outcome,
            RefreshClaim::Session(sender, outcome) => {
                tokio::spawn(self.clone().refresh(credentials.clone(), sender));
                outcome
            }
        };
        match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(lost())),
            Err(_) => Err(lost()),
        }
    }

    /// Waits until no refresh is under way, so that its tokens can be kept before the client is forgotten.
    pub async fn refresh_settled(&self, timeout: Duration) {
        if let Some(mut outcome) = self.account.refreshes().running() {
            let settled = async {
                // A task that is gone has settled as well.
                let _ = outcome.wait_for(Option::is_some).await;
            };
            Deadline::after(Some(timeout)).limit(settled).await;
        }
    }

    /// Boxed, because an exchange that needs a new token leads to another exchange.
    fn refresh(self, credentials: Credentials, sender: watch::Sender<Outcome>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let outcome = self.refresh_once(&credentials).await;
            sender.send_replace(Some(outcome));
        })
    }

    async fn refresh_once(&self, credentials: &Credentials) -> Result<()> {
        let spent = credentials.newest().and_then(|token| Some((credentials.refresh(&token)?, token)));
        let Some((refresh, spent)) = spent else {
            return Err(Error::new(Kind::InvalidInput, "TOKEN: there is no refresh token"));
        };
        let collector = ReportCollector::default();
        let options = CallOptions {
            deadline: Deadline::after(Some(REFRESH_TIMEOUT)),
            retry: self.options.retry.as_ref(),
            hooks: Hooks { observer: &collector, ..Hooks::none() },
            limiter: None,
        };
        let outcome = self.exchange(&Command::RefreshToken(refresh), options).await;
        let refreshes = self.account.refreshes();
        refreshes.keep_reports(collector.0.into_inner().unwrap_or_else(PoisonError::into_inner));
        let error = match outcome {
            Ok(Answer::Tokens(mut tokens)) => {
                let refresh_token = tokens.refresh_token.take().map(Into::into);
                let lifetime = tokens.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                credentials.publish(Token {
                    access_token: std::mem::take(&mut tokens.access_token).into(),
                    // A server that names no new one lets the old one be used again.
                    refresh_token: refresh_token.or_else(|| spent.refresh_token.clone()),
                    expires_at: lifetime.and_then(|lifetime| SystemTime::now().checked_add(lifetime)),
                    version: spent.version + 1,
                });
                refreshes.succeeded();
                return Ok(());
            }
            Ok(_) => Error::new(Kind::InvalidResponse(None), "TOKEN: the answer names no token"),
            Err(error) => error,
        };
        refreshes.failed(spent.version, &error, !retry::request_was_not_sent(&error));
        Err(error)
    }
}

/// Collects the reports of a refresh for those who wait for it.
#[derive(Default)]
struct ReportCollector(Mutex<Vec<RequestReport>>);

impl Observer for ReportCollector {
    fn progress(&self, _: Progress) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn warn(&self, _: String) {}

    fn event_filter(&self) -> EventFilter {
        EventFilter::All
    }

    fn request(&self, report: RequestReport) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }
}
