//! The token that an attempt is sent with, and what is repaired after a 401: the clock, or the token.

use std::sync::Arc;
use std::time::Duration;

use crate::client::auth::oauth2::{self, Token};
use crate::client::auth::refresh::Renewal;
use crate::client::auth::{Account, Clock, Credentials};
use crate::client::call::{CallOptions, Hooks};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Result};
use crate::client::exchange::ClientInner;
use crate::client::model::CommandName;
use crate::client::observer::EventFilter;
use crate::client::protocol::{self, Response};

/// How often one request is sent again with another token.
const MAX_REPAIRS: u32 = 3;
/// How long is waited for a refresh while the token is still good.
const EARLY_REFRESH_TIMEOUT: Duration = Duration::from_secs(5);

/// The credentials of one command's requests, and what of them was repaired between two requests.
pub(super) struct Repair<'a> {
    client: &'a ClientInner,
    options: &'a CallOptions<'a>,
    name: CommandName,
    clock_corrected: bool,
    refreshed: bool,
    /// A token that runs out soon was to be replaced before it was sent.
    asked_early: bool,
    /// How often the request was sent again with another token.
    repairs: u32,
    /// Why the token could not be replaced before it was sent.
    refresh_error: Option<Error>,
}

impl<'a> Repair<'a> {
    pub(super) fn new(client: &'a ClientInner, options: &'a CallOptions<'a>, name: CommandName) -> Self {
        Repair {
            client,
            options,
            name,
            clock_corrected: false,
            refreshed: false,
            asked_early: false,
            repairs: 0,
            refresh_error: None,
        }
    }

    /// The token to send, if the credentials are of that kind. One whose time is over is replaced before it is sent.
    pub(super) async fn token(&mut self) -> Result<Option<Arc<Token>>> {
        let Credentials::OAuth2(credentials) = self.client.account.credentials() else { return Ok(None) };
        // The app authenticates itself in these.
        if matches!(self.name, CommandName::Token | CommandName::Revoke) {
            return Ok(None);
        }
        if let Some(chain) = credentials.chain() {
            chain.check_origin(&self.client.transport.options().hosts.api)?;
        }
        let Some(token) = credentials.newest() else {
            self.leave_queue();
            return Ok(Some(self.options.hooks.tokens.access_token(None).await?));
        };
        if token.runs_out() && credentials.can_refresh() && !self.refreshed && !self.asked_early {
            self.leave_queue();
            Box::pin(self.refresh_early(credentials, &token)).await?;
        }
        self.save_unsaved(credentials).await;
        Ok(credentials.newest())
    }

    /// Has a token replaced that will run out, or has. Where it fails, the server is left to say so: its clock counts.
    async fn refresh_early(&mut self, credentials: &oauth2::Credentials, token: &Token) -> Result<()> {
        self.asked_early = true;
        let refresh = self.client.ensure_refreshed(credentials, token.version, self.options.hooks.exchanges);
        let refreshed = if token.expired() {
            Some(refresh.await)
        } else {
            // While the token is good, a slow token endpoint must not hold up everything.
            Deadline::after(Some(EARLY_REFRESH_TIMEOUT)).limit(refresh).await
        };
        self.refreshed = matches!(refreshed, Some(Ok(Renewal::Refreshed(_)) | Err(_)));
        self.emit_refresh_events();
        match refreshed {
            Some(Ok(_)) => self.options.hooks.tokens.refreshed().await?,
            Some(Err(error)) => self.refresh_error = Some(error),
            None => {}
        }
        Ok(())
    }

    /// Tries again to save tokens that are in memory only.
    async fn save_unsaved(&self, credentials: &oauth2::Credentials) {
        if credentials.chain().is_some_and(|chain| chain.is_unsaved()) {
            Box::pin(self.client.save_unsaved(credentials)).await;
            self.emit_refresh_events();
        }
    }

    /// Gives up the position that was taken when the verb was called: the token may itself need a request, which must
    /// not wait for this one.
    fn leave_queue(&self) {
        drop(self.options.hooks.queue.take_reservation());
    }

    /// The credentials, if they hold the token themselves.
    pub(super) fn kept(&self) -> Option<&'a oauth2::Credentials> {
        match self.client.account.credentials() {
            Credentials::OAuth2(credentials) => Some(credentials),
            Credentials::OAuth1(_) => None,
        }
    }

    /// Removes the reason of a 401, once a reason: whether it is worth sending the request again. It was signed with this
    /// difference between the clocks, or sent with this token.
    pub(super) async fn repair(
        &mut self,
        response: &Response,
        signed_with: i64,
        token: Option<Arc<Token>>,
    ) -> Result<bool, Unrepaired> {
        let Some(credentials) = self.kept() else {
            let corrected =
                !self.clock_corrected && correct_clock(&self.client.account, response, signed_with, self.options.hooks);
            self.clock_corrected |= corrected;
            return Ok(corrected);
        };
        let Some(token) = token else { return Ok(false) };
        if self.repairs >= MAX_REPAIRS {
            return Ok(false);
        }
        self.repairs += 1;
        let Some(newest) = credentials.newest() else {
            if std::mem::replace(&mut self.refreshed, true) {
                return Ok(false);
            }
            let asked = self.options.deadline.limit(self.options.hooks.tokens.access_token(Some(token.version))).await;
            let asked = asked.ok_or(Unrepaired::OutOfTime)?.map_err(Unrepaired::TokenProvider)?;
            return Ok(*asked.access_token != *token.access_token);
        };
        if newest.version != token.version {
            return Ok(true);
        }
        if self.refreshed || !credentials.can_refresh() {
            return self.refresh_error.take().map_or(Ok(false), |error| Err(Unrepaired::Refresh(error)));
        }
        let renewed = self
            .options
            .deadline
            .limit(self.client.ensure_refreshed(credentials, token.version, self.options.hooks.exchanges))
            .await;
        // Tokens that somebody else had refreshed may have run out since; the server's own have not.
        let renewed = renewed.ok_or(Unrepaired::OutOfTime)?.map_err(Unrepaired::Refresh)?;
        self.refreshed = matches!(renewed, Renewal::Refreshed(_));
        Ok(true)
    }

    /// Emits the events of a refresh, and has its tokens kept before they are used.
    pub(super) async fn emit_refresh_and_deliver(&self) -> Result<()> {
        self.emit_refresh_events();
        if self.refreshed { self.options.hooks.tokens.refreshed().await } else { Ok(()) }
    }

    pub(super) fn emit_refresh_events(&self) {
        if self.name == CommandName::Token {
            return;
        }
        for warning in self.client.account.refreshes().take_warnings() {
            self.options.hooks.observer.warn(warning);
        }
        if self.options.hooks.observer.event_filter() == EventFilter::None {
            return;
        }
        for report in self.client.account.refreshes().take_reports() {
            if self.options.hooks.observer.event_filter().includes(report.retry_in.is_some()) {
                self.options.hooks.observer.request(report);
            }
        }
    }
}

/// After a 401: signs with the server's time from now on, if the local clock is the likely reason. Whether it is.
fn correct_clock(account: &Account, response: &Response, signed_with: i64, hooks: Hooks<'_>) -> bool {
    let Some(server) = protocol::server_date(&response.headers) else { return false };
    let clock = account.correct_clock(server, response.received_at, signed_with);
    if let Clock::Moved(seconds) = clock {
        hooks.observer.warn(format!(
            "this machine's clock is {} s {} the server's; requests are signed with the server's time",
            seconds.unsigned_abs(),
            if seconds > 0 { "behind" } else { "ahead of" },
        ));
    }
    clock != Clock::Right
}

/// Why a 401 could not be repaired.
pub(super) enum Unrepaired {
    OutOfTime,
    TokenProvider(Error),
    Refresh(Error),
}

/// The 401 of a token that could not be replaced.
pub(super) fn not_refreshed(mut refused: Error, refresh: Error) -> Error {
    refused.message = format!("{} The access token could not be refreshed: {}", refused.message, refresh.message);
    // Nothing else is final: the refresh token may still be good, and the next call tries again.
    refused.retryable = !refresh.api().is_some_and(|failure| failure.refused_for_good);
    refused.retry_after = refresh.retry_after;
    refused.because(refresh)
}
