//! The refresh of an OAuth 2.0 token: a task of its own, which no cancelled call aborts, since the refresh token that it
//! sends is used up by being sent.
//!
//! With a token file, all that use it are one: the lock is taken and the file read again before anything is sent, and room
//! on the disk is taken before the refresh token is spent. New tokens are on the disk before anybody gets them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use super::unsaved_tokens;
use crate::client::auth;
use crate::client::auth::chain::{Chain, Compared, Look, origin_of};
use crate::client::auth::oauth2::{App, Credentials, Secret, Token};
use crate::client::auth::refresh::{Outcome, RefreshClaim, Renewal, Run, cut_off};
use crate::client::auth::token_exchanges::UnderWay;
use crate::client::auth::token_file::LockedTokenFile;
use crate::client::call::{CallOptions, Hooks};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result, file_error};
use crate::client::exchange::ClientInner;
use crate::client::exchange_log::ExchangeLog;
use crate::client::kept_exchange::KeptExchange;
use crate::client::observer::{EventFilter, Observer, Progress, RequestReport};
use crate::client::protocol::{Answer, Command, Grant, TokenRequest, Tokens};
use crate::sync::{lock, unpoisoned};
use crate::system::blocking::blocking;

/// How long a refresh may take in all once it has the lock, however long its callers wait.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a call that could save unsaved tokens waits for the lock.
const SAVE_TIMEOUT: Duration = Duration::from_secs(1);

impl ClientInner {
    /// Has the token of this version replaced, together with all others who want that.
    /// The requests are added to those of the call that waits.
    pub(super) async fn ensure_refreshed(
        &self,
        credentials: &Credentials,
        refused: u64,
        exchanges: Option<&ExchangeLog>,
    ) -> Result<Renewal> {
        let outcome = self.refreshed(credentials, refused).await;
        let made = match &outcome {
            Ok(Renewal::Refreshed(made)) => made.as_slice(),
            Ok(Renewal::Found) => &[],
            Err(error) => &error.exchanges,
        };
        if let Some(exchanges) = exchanges {
            exchanges.extend(made);
        }
        outcome
    }

    async fn refreshed(&self, credentials: &Credentials, refused: u64) -> Result<Renewal> {
        let newest = || credentials.newest().map_or(refused, |token| token.version);
        let mut outcome = match self.account.refreshes().claim(refused, newest) {
            RefreshClaim::Done => return Ok(Renewal::Found),
            RefreshClaim::Refused(error) => return self.look_once_more(credentials, error).await,
            RefreshClaim::Wait(outcome) => outcome,
            RefreshClaim::Run(run, outcome) => {
                tokio::spawn(self.clone().run_refresh(credentials.clone(), run));
                outcome
            }
        };
        let outcome: Outcome = match outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_) => None,
        };
        outcome.unwrap_or_else(|| Err(cut_off()))
    }

    /// Waits until no refresh is under way and tries again to save what could not be saved, so that tokens are kept before
    /// the client is forgotten.
    pub async fn refresh_settled(&self, timeout: Duration) {
        if let Some(mut outcome) = self.account.refreshes().running() {
            let settled = async {
                // A task that is gone has settled as well.
                let _ = outcome.wait_for(Option::is_some).await;
            };
            Deadline::after(Some(timeout)).limit(settled).await;
        }
        if let auth::Credentials::OAuth2(credentials) = self.account.credentials() {
            self.save_unsaved(credentials).await;
        }
    }

    /// Tries again to save tokens that could not be saved. Where it fails again, they stay in use.
    pub(super) async fn save_unsaved(&self, credentials: &Credentials) {
        let (Some(chain), Some(app), Some(token)) = (credentials.chain(), credentials.app(), credentials.newest())
        else {
            return;
        };
        if !chain.is_unsaved() {
            return;
        }
        let Some(Ok(locked)) = Deadline::after(Some(SAVE_TIMEOUT)).limit(chain.file().lock()).await else { return };
        // Whoever had the lock before may have saved them.
        if !chain.is_unsaved() {
            return;
        }
        let saved = match locked.read().await {
            Ok(found) => match chain.compare(found, &token, app, &self.origin()) {
                Ok(Compared { look: Look::Same(_), .. }) => {
                    locked.replace(&chain.stored(&token, app, &self.origin())).await
                }
                // The file is ahead of us, or another's: what is in memory has no place there.
                _ => Ok(()),
            },
            Err(error) => Err(error),
        };
        match saved {
            Ok(()) => chain.set_unsaved(false),
            Err(error) => self.account.refreshes().warn(unsaved_warning(chain, &error)),
        }
    }

    /// The origin of the API that this client talks to.
    pub(in crate::client) fn origin(&self) -> String {
        origin_of(&self.transport.options().hosts.api)
    }

    /// Boxed, because an exchange that needs a new token leads to another exchange.
    fn run_refresh(self, credentials: Credentials, run: Run) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let (Some(newest), Some(app)) = (credentials.newest(), credentials.app()) else {
                return run.failed(Error::invalid_input("TOKEN: there is no refresh token"), false);
            };
            let Some(chain) = credentials.chain() else {
                let _under_way = UnderWay::begin();
                let spent = newest.refresh_token.clone().unwrap_or_default();
                let asked = self.ask_for_tokens(app, spent).await;
                return match asked {
                    Ok((tokens, exchanges)) => {
                        if let Some(scope) = &tokens.scope {
                            credentials.learn_scope(scope);
                        }
                        credentials.publish(successor(tokens, &newest, newest.version, newest.serial));
                        run.refreshed(exchanges);
                    }
                    Err(error) => run.failed(error.clone(), is_for_good(&error)),
                };
            };
            let locked = tokio::select! {
                locked = chain.lock() => locked,
                () = run.abandoned() => return,
            };
            let _under_way = UnderWay::begin();
            let outcome = match locked {
                Ok(locked) => self.refresh_under_lock(&credentials, chain, app, &newest, locked).await,
                Err(error) => Err(file_failed(chain, &error)),
            };
            match outcome {
                Ok(Renewal::Refreshed(exchanges)) => run.refreshed(exchanges),
                Ok(Renewal::Found) => run.found(),
                Err(error) => run.failed(error.clone(), is_for_good(&error)),
            }
        })
    }

    async fn refresh_under_lock(
        &self,
        credentials: &Credentials,
        chain: &Arc<Chain>,
        app: &App,
        newest: &Token,
        locked: LockedTokenFile,
    ) -> Result<Renewal> {
        let found = locked.read().await.map_err(|error| file_failed(chain, &error))?;
        let Compared { look, spoilt } = chain.compare(found, newest, app, &self.origin())?;
        let refreshes = self.account.refreshes();
        if let Some(why) = &spoilt {
            refreshes.warn(format!("{why}; it is replaced by the tokens of this program"));
        }
        let base = match look {
            Look::Newer(stored) => {
                chain.follow(&stored);
                let token = Token { version: newest.version + 1, ..Token::of(&stored) };
                let has_run_out = token.runs_out() || *token.access_token == *newest.access_token;
                if !has_run_out {
                    if spoilt.is_some() {
                        // From now on only the owner may read it. Where that fails, the next refresh does it.
                        let _ = locked.replace(&chain.stored(&token, app, &self.origin())).await;
                    }
                    credentials.publish(token);
                    return Ok(Renewal::Found);
                }
                token
            }
            Look::Same(refresh_token) => Token {
                access_token: newest.access_token.clone(),
                refresh_token,
                expires_at: newest.expires_at,
                version: newest.version,
                serial: newest.serial,
            },
        };
        let room = locked.reserve().await.map_err(|error| file_failed(chain, &error))?;
        let spent = base.refresh_token.clone().unwrap_or_default();
        let (tokens, exchanges) = match self.ask_for_tokens(app, spent).await {
            Ok(answered) => answered,
            Err(error) if is_for_good(&error) => return self.look_once_more(credentials, error).await,
            Err(error) => return Err(error),
        };
        if let Some(scope) = &tokens.scope {
            credentials.learn_scope(scope);
        }
        let token = successor(tokens, &base, newest.version.max(base.version), base.serial);
        match locked.save(room, &chain.stored(&token, app, &self.origin())).await {
            Ok(()) => chain.set_unsaved(false),
            Err(error) => {
                chain.set_unsaved(true);
                unsaved_tokens::keep(self, credentials);
                refreshes.warn(unsaved_warning(chain, &error));
            }
        }
        credentials.publish(token);
        Ok(Renewal::Refreshed(exchanges))
    }

    /// After a refusal for good: whether somebody else has saved newer tokens since.
    async fn look_once_more(&self, credentials: &Credentials, error: Error) -> Result<Renewal> {
        let (Some(chain), Some(app), Some(newest)) = (credentials.chain(), credentials.app(), credentials.newest())
        else {
            return Err(error);
        };
        let file = chain.file().clone();
        let Ok(found) = blocking(move || file.read()).await else { return Err(error) };
        match chain.compare(found, &newest, app, &self.origin()) {
            Ok(Compared { look: Look::Newer(stored), .. }) if *stored.access_token != *newest.access_token => {
                chain.follow(&stored);
                credentials.publish(Token { version: newest.version + 1, ..Token::of(&stored) });
                Ok(Renewal::Found)
            }
            _ => Err(error),
        }
    }

    async fn ask_for_tokens(&self, app: &App, refresh_token: Secret) -> Result<(Tokens, Vec<Arc<dyn KeptExchange>>)> {
        let command = Command::Token(TokenRequest {
            grant: Grant::Refresh(String::clone(&refresh_token)),
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.as_deref().cloned(),
        });
        let collector = ReportCollector::default();
        let exchanges = ExchangeLog::default();
        let options = CallOptions {
            deadline: Deadline::after(Some(REFRESH_TIMEOUT)),
            retry: self.options.retry.as_ref(),
            hooks: Hooks { observer: &collector, exchanges: Some(&exchanges), ..Hooks::none() },
            limiter: None,
            success_ends_call: false,
        };
        let outcome = self.exchange(&command, &options).await;
        let reports = unpoisoned(collector.0.into_inner());
        self.account.refreshes().keep_reports(reports);
        match outcome.map_err(|error| exchanges.attach(error, None))? {
            Answer::Tokens(tokens) => Ok((tokens, exchanges.all())),
            _ => Err(Error::new(Kind::InvalidResponse(None), "TOKEN: the answer has no token")),
        }
    }
}

/// The token that follows `base`.
fn successor(mut tokens: Tokens, base: &Token, version: u64, serial: u64) -> Token {
    let lifetime = tokens.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Token {
        access_token: std::mem::take(&mut tokens.access_token).into(),
        // A server that names no new one lets the old one be used again.
        refresh_token: tokens.refresh_token.take().map(Into::into).or_else(|| base.refresh_token.clone()),
        expires_at: lifetime.and_then(|lifetime| SystemTime::now().checked_add(lifetime)),
        version: version + 1,
        serial: serial + 1,
    }
}

/// Whether the server has said that no later call can bring tokens.
fn is_for_good(error: &Error) -> bool {
    error.attempts > 0 && error.api().is_some_and(|failure| failure.refused_for_good)
}

/// The file or its directory failed before the refresh token was sent. What is wrong with them may be fixed.
fn file_failed(chain: &Chain, error: &std::io::Error) -> Error {
    let path = chain.file().path();
    let mut failed = file_error(error, Some(path));
    failed.message = format!(
        "the refresh token was not used, because the new tokens could not be saved in {}: {}",
        path.display(),
        failed.message
    );
    failed.retryable = true;
    failed
}

fn unsaved_warning(chain: &Chain, error: &std::io::Error) -> String {
    format!(
        "new OAuth 2.0 tokens could not be saved in {} ({error}); they are in use, and each later call tries to save them \
         again",
        chain.file().path().display()
    )
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
        lock(&self.0).push(report);
    }
}
