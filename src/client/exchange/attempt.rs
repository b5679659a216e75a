//! One attempt of a command: its slot, token, request and response, and what is repaired without counting as an attempt.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::repair::{Repair, Unrepaired, not_refreshed};
use crate::client::auth::oauth2::{self, Token};
use crate::client::auth::secrets_of;
use crate::client::call::CallOptions;
use crate::client::error::{ApiClass, ApiFailure, Error, Kind, Result, subject};
use crate::client::exchange::ClientInner;
use crate::client::http::{Broken, MediaHash, NoResponse, TransportFailure};
use crate::client::kept_exchange::KeptExchange;
use crate::client::limits::BucketName;
use crate::client::model::{CommandName, Dialect, MediaId};
use crate::client::observer::{EventFilter, RequestReport};
use crate::client::pause::{PauseReason, PauseTracker};
use crate::client::protocol::{self, Answer, Command, Response};
use crate::client::record::{Sender, Sent, SentExchange};

/// Those who waited for the same reset come back spread over this time.
const MAX_RESET_SPREAD: Duration = Duration::from_millis(250);

/// An attempt that failed.
pub(super) struct AttemptError {
    /// Why.
    pub error: Error,
    /// The report of its request, emitted once it is decided what follows; `None` if nothing was sent.
    pub report: Option<Box<RequestReport>>,
    /// The call's deadline passed, which says nothing about the server.
    pub out_of_time: bool,
}

impl AttemptError {
    fn new(error: Error, report: Option<Box<RequestReport>>) -> Self {
        AttemptError { error, report, out_of_time: false }
    }

    /// The deadline passed before anything was sent, or before there was a connection to send it on.
    fn out_of_time(connect: bool, report: Option<Box<RequestReport>>) -> Self {
        let error = Error::new(Kind::RequestTimeout { connect }, "no answer within the timeout");
        AttemptError { error, report, out_of_time: true }
    }
}

impl From<Error> for AttemptError {
    fn from(error: Error) -> Self {
        AttemptError::new(error, None)
    }
}

/// One attempt of a command at a time, with what was repaired between them.
pub(super) struct Attempt<'a> {
    client: &'a ClientInner,
    command: &'a Command,
    options: CallOptions<'a>,
    name: CommandName,
    media_id: Option<MediaId>,
    /// Whether the request is sent even though its rate-limit bucket is empty.
    ignore_rate_limits: bool,
    /// Requests sent.
    sent: u32,
    resent: bool,
    /// The server's clock less ours, as the last request was signed with it.
    signed_with: i64,
    repair: Repair<'a>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(client: &'a ClientInner, command: &'a Command, options: CallOptions<'a>) -> Self {
        Attempt {
            client,
            command,
            options,
            name: command.name(),
            media_id: command.media_id(),
            ignore_rate_limits: false,
            sent: 0,
            resent: false,
            signed_with: 0,
            repair: Repair::new(client, options, command.name()),
        }
    }

    /// The same, but sent even while a rate limit is used up.
    pub(super) fn ignore_rate_limits(mut self) -> Self {
        self.ignore_rate_limits = true;
        self
    }

    /// Sends the command; re-sends it once after a stale connection, a clock correction or a token refresh.
    pub(super) async fn send(&mut self) -> Result<Answer, AttemptError> {
        loop {
            let tried = match self.request().await {
                Ok(answer) => return Ok(answer),
                Err(AttemptFailure::Final(tried)) => tried,
                Err(AttemptFailure::Reused(tried)) => {
                    self.resent = true;
                    self.emit_event(tried.report, Some(Duration::ZERO));
                    continue;
                }
                Err(AttemptFailure::Unauthorized(tried, response, token)) => {
                    match Box::pin(self.repair.repair(&response, self.signed_with, token)).await {
                        Ok(true) => {
                            self.emit_event(tried.report, Some(Duration::ZERO));
                            Box::pin(self.repair.emit_refresh_and_deliver()).await?;
                            continue;
                        }
                        Ok(false) => tried,
                        Err(Unrepaired::OutOfTime) => {
                            self.emit_event(tried.report, None);
                            return Err(AttemptError::out_of_time(true, None));
                        }
                        Err(Unrepaired::TokenProvider(error)) => {
                            self.emit_event(tried.report, None);
                            return Err(error.into());
                        }
                        Err(Unrepaired::Refresh(error)) => {
                            self.emit_event(tried.report, None);
                            self.repair.emit_refresh_events();
                            return Err(not_refreshed(tried.error, error).into());
                        }
                    }
                }
            };
            return Err(tried);
        }
    }

    /// Emits the event of a request, now that it is known what follows.
    pub(super) fn emit_event(&self, report: Option<Box<RequestReport>>, retry_in: Option<Duration>) {
        let Some(mut report) = report else { return };
        if self.options.hooks.observer.event_filter().includes(retry_in.is_some()) {
            report.retry_in = retry_in;
            self.options.hooks.observer.request(*report);
        }
    }

    /// Requests sent so far.
    pub(super) fn sent(&self) -> u32 {
        self.sent
    }

    async fn request(&mut self) -> Result<Answer, AttemptFailure> {
        let (client, deadline) = (self.client, self.options.deadline);
        let _permit = match self.options.limiter {
            Some(limiter) => {
                let permit = deadline.limit(limiter.acquire()).await;
                Some(permit.ok_or_else(|| AttemptFailure::Final(AttemptError::out_of_time(true, None)))?)
            }
            None => None,
        };
        let token = deadline.limit(self.repair.token()).await;
        let token = token.ok_or_else(|| AttemptError::out_of_time(true, None)).and_then(|token| Ok(token?));
        let token = token.map_err(AttemptFailure::Final)?;
        let permit = {
            let _queued = client.stats.queue();
            self.wait_for_slot().await.map_err(AttemptFailure::Final)?
        };
        // While it waited for its slot, another request may have had the token refreshed.
        let token = self.repair.kept().and_then(oauth2::Credentials::newest).or(token);
        // Nothing is made of a command that still waits: thousands may.
        let request = protocol::encode(client.options.api, &client.transport.options().hosts, self.command);
        self.signed_with = client.account.clock_offset();
        let authorization = client.account.authorization(&request, token.as_deref());
        self.sent += 1;
        let mut in_flight = client.stats.send(self.name);
        let begun = Begun { started_at: SystemTime::now(), started: Instant::now(), bytes: request.body.size() };
        let timeout = client.options.request_timeout;
        let hash = client.recorder.as_ref().map(|_| Arc::<MediaHash>::default());
        let counted = self.options.hooks.observer.pauses().map(PauseTracker::in_flight);
        let sending = client.transport.send(&request, authorization.as_deref(), timeout, deadline, hash.as_ref());
        // In a box of its own, which only what has its slot needs: thousands wait for theirs, or for their media.
        let outcome = Box::pin(sending).await;
        drop((permit, counted));
        let response = match outcome {
            Ok(response) => response,
            Err(no_response) => {
                let signed = Signed { token, authorization, hash };
                return Err(self.no_response(no_response, request, begun, &in_flight, signed));
            }
        };
        in_flight.sent(begun.bytes);
        in_flight.answered(response.status, response.body.len());
        drop(in_flight);
        let decoded = self.decode(&response);
        self.note_limit(&decoded, &response);
        // The error shows what the server said, which may be what it was sent.
        let passwords = || client.transport.proxy_passwords().map(|passwords| &**passwords);
        let shown = match &decoded {
            Ok(_) => None,
            Err(_) => client.account.masked(&response, self.command, token.as_deref(), passwords()),
        };
        let decoded = decoded.or_else(|error| shown.as_ref().map_or(Err(error), |shown| self.decode(shown)));
        match decoded {
            Ok(answer) => {
                self.note_success();
                if let (CommandName::Init, Answer::Media(media)) = (self.name, &answer) {
                    client.account.note_opened(media.media_id);
                }
                if self.options.hooks.observer.event_filter() == EventFilter::All {
                    self.options.hooks.observer.request(*self.report(&request, &begun, Some(&response), None));
                }
                self.keep(request, &begun, Signed { token, authorization, hash }, Ok(response));
                Ok(answer)
            }
            Err(error) => {
                self.note_refusal(&error, &response);
                let error = self.repair.naming_missing_scopes(error);
                let report = self.report(&request, &begun, Some(shown.as_ref().unwrap_or(&response)), Some(&error));
                // The refresh itself is refused for good: it cannot wait for the token that it was to bring.
                let repairable = matches!(request.authentication, protocol::Authentication::User);
                let unauthorized = repairable && error.api().is_some_and(|failure| failure.retry_status() == 401);
                let mut tried = AttemptError::new(error, Some(report));
                let signed = Signed { token: token.clone(), authorization, hash };
                let kept = self.keep(request, &begun, signed, Ok(response.clone()));
                tried.error.exchanges.extend(kept);
                Err(if unauthorized {
                    AttemptFailure::Unauthorized(tried, Box::new(response), token)
                } else {
                    AttemptFailure::Final(tried)
                })
            }
        }
    }

    fn decode(&self, response: &Response) -> Result<Answer> {
        let credentials = self.client.account.credentials().kind();
        let dialect = Dialect { version: self.client.options.api, credentials };
        protocol::decode(dialect, self.name, self.media_id, response)
    }

    fn no_response(
        &self,
        no_response: NoResponse,
        request: protocol::Request,
        mut begun: Begun,
        in_flight: &crate::client::stats::InFlight<'_>,
        signed: Signed,
    ) -> AttemptFailure {
        let (mut tried, reused, broken) = match no_response {
            NoResponse::TransportFailure(TransportFailure { mut error, reused }, broken) => {
                error.message = format!("{}: {}", subject(self.name, self.media_id), error.message);
                (AttemptError::new(error, None), reused, broken)
            }
            NoResponse::OutOfTime { connect } => (AttemptError::out_of_time(connect, None), false, Broken::Timeout),
        };
        if crate::client::retry::request_was_not_sent(&tried.error) {
            begun.bytes = 0;
        }
        in_flight.sent(begun.bytes);
        tried.report = Some(self.report(&request, &begun, None, Some(&tried.error)));
        tried.error.exchanges.extend(self.keep(request, &begun, signed, Err(broken)));
        // The server closed an idle connection in the moment we used it. Only FINALIZE must not be sent twice on such a
        // guess.
        let harmless = self.name != CommandName::Finalize;
        let cut_off = matches!(tried.error.kind, Kind::Transport { connect: false });
        if reused && cut_off && harmless && !self.resent {
            AttemptFailure::Reused(tried)
        } else {
            AttemptFailure::Final(tried)
        }
    }

    /// Keeps a request that has ended, where somebody may want to see it.
    fn keep(
        &self,
        request: protocol::Request,
        begun: &Begun,
        Signed { token, authorization, hash }: Signed,
        answer: Result<Response, Broken>,
    ) -> Option<Arc<dyn KeptExchange>> {
        let (log, recorder) = (self.options.hooks.exchanges, self.client.recorder.as_ref());
        if log.is_none() && recorder.is_none() {
            return None;
        }
        let transport = &self.client.transport;
        let sender = Sender {
            account: self.client.account.clone(),
            transport: transport.options().clone(),
            proxy_passwords: transport.proxy_passwords().cloned(),
            token,
            authorization,
            secrets: secrets_of(self.command),
        };
        let sent = Sent {
            command: self.name,
            media_id: self.media_id,
            attempt: self.sent,
            started_at: begun.started_at,
            duration: begun.started.elapsed(),
            bytes: begun.bytes,
            sha256: hash.and_then(|hash| hash.of_whole(&request.body)),
            request,
            sender,
        };
        let kept: Arc<dyn KeptExchange> = SentExchange::new(sent, answer);
        if let Some(log) = log {
            log.push(kept.clone());
        }
        if let Some(recorder) = recorder {
            recorder.record(kept.clone());
            if let Some(warning) = recorder.take_warning() {
                self.options.hooks.observer.log(warning);
            }
        }
        Some(kept)
    }

    /// Where its rate limit is kept.
    fn bucket(&self) -> BucketName {
        (self.client.options.api, self.name)
    }

    /// Waits until the rate limit allows the command and one more request may be in flight. Nothing is held while it
    /// waits for the rate limit.
    async fn wait_for_slot(&self) -> Result<tokio::sync::OwnedSemaphorePermit, AttemptError> {
        let mut reservation = self.options.hooks.queue.take_reservation();
        loop {
            if let Some(left) = self.limited_for().filter(|_| !self.ignore_rate_limits) {
                let wait = left.saturating_add(MAX_RESET_SPREAD.mul_f64(rand::random()));
                if self.options.deadline.remaining().is_some_and(|remaining| left >= remaining) {
                    return Err(self.limited(left).into());
                }
                drop(reservation.take());
                let pauses = self.options.hooks.observer.pauses();
                let _waiting = pauses.map(|pauses| pauses.waiting(wait, PauseReason::RateLimit));
                Box::pin(self.options.deadline.sleep(wait)).await;
            }
            let reservation = reservation.take().unwrap_or_else(|| self.client.transport.reserve());
            let permit = self.options.deadline.limit(reservation.permit()).await;
            let permit = permit.ok_or_else(|| AttemptError::out_of_time(true, None))??;
            // Those who were before it in the queue may have emptied the bucket.
            if self.ignore_rate_limits || self.limited_for().is_none() {
                self.client.account.limits().sent(self.bucket());
                self.client.app_limits.sent(self.bucket());
                return Ok(permit);
            }
        }
    }

    /// For how long nothing is to be sent, because a bucket of the user's or of the app's is empty.
    fn limited_for(&self) -> Option<Duration> {
        let of_user = self.client.account.limits().empty_for(self.bucket());
        of_user.max(self.client.app_limits.closed_for(self.bucket()))
    }

    /// The error that the server would answer with.
    fn limited(&self, left: Duration) -> Error {
        let message = format!(
            "{}: not sent, because the rate limit is used up and its reset lies beyond the timeout. Try again in {} s.",
            subject(self.name, self.media_id),
            left.as_secs_f64().ceil()
        );
        let failure = ApiFailure {
            class: ApiClass::RateLimit,
            status: 429,
            rate_limit: self.client.account.limits().last_known(self.bucket()),
            ..ApiFailure::default()
        };
        let mut error = Error::new(Kind::Api(Box::new(failure)), message);
        error.retryable = true;
        error.retry_after = Some(left);
        error
    }

    fn note_limit(&self, decoded: &Result<Answer>, response: &Response) {
        // Most answers hold what their headers say of it: they are not read twice.
        let read = || protocol::rate_limit(&response.headers);
        let limit = match decoded {
            Ok(Answer::Media(media)) => media.rate_limit,
            Err(error) => error.api().map_or_else(read, |failure| failure.rate_limit),
            Ok(_) => read(),
        };
        if let Some(limit) = limit {
            let server_now = protocol::server_date(&response.headers).unwrap_or(response.received_at);
            self.client.account.limits().note(self.bucket(), limit, server_now);
        }
    }

    fn note_refusal(&self, error: &Error, response: &Response) {
        if error.api().is_some_and(|failure| failure.class == ApiClass::RateLimit) {
            let delays = protocol::delays(&response.headers, response.received_at);
            self.client.account.limits().note_refusal(self.bucket(), delays);
            if let Some(delay) = delays.app_24h {
                self.client.app_limits.note_refusal(self.bucket(), delay);
            }
        }
    }

    fn note_success(&self) {
        self.client.account.limits().note_success(self.bucket());
        self.client.app_limits.note_success(self.bucket());
    }

    fn report(
        &self,
        request: &protocol::Request,
        begun: &Begun,
        response: Option<&Response>,
        error: Option<&Error>,
    ) -> Box<RequestReport> {
        Box::new(RequestReport {
            command: self.name,
            media_id: self.media_id,
            segment_index: self.command.segment_index(),
            method: request.method.clone(),
            url: request.url.clone(),
            attempt: self.sent,
            status: response.map(|response| response.status),
            error: error.map(|error| error.message.clone()),
            timed_out: error.is_some_and(|error| matches!(error.kind, Kind::RequestTimeout { .. })),
            started_at: begun.started_at,
            duration: begun.started.elapsed(),
            bytes_sent: begun.bytes,
            request_id: response.and_then(|response| protocol::request_id(&response.headers)),
            retry_in: None,
        })
    }
}

/// What a request was sent with.
struct Signed {
    token: Option<Arc<Token>>,
    authorization: Option<String>,
    /// Of the media in its body, where it is recorded.
    hash: Option<Arc<MediaHash>>,
}

/// A request that was begun.
#[derive(Clone, Copy)]
struct Begun {
    started_at: SystemTime,
    started: Instant,
    bytes: u64,
}

/// How a request failed, and what that calls for.
enum AttemptFailure {
    /// For `retry` to judge.
    Final(AttemptError),
    /// A connection that had been used before broke.
    Reused(AttemptError),
    /// A 401, its answer and the token that was sent.
    Unauthorized(AttemptError, Box<Response>, Option<Arc<Token>>),
}
