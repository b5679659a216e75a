//! One attempt of a command: its token, request and response, and what is repaired without counting as an attempt.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::repair::{Repair, Unrepaired, not_refreshed};
use crate::client::auth::oauth2::{self, Token};
use crate::client::call::CallOptions;
use crate::client::error::{Error, Kind, Result, subject};
use crate::client::exchange::ClientInner;
use crate::client::http::{Broken, MediaHash, NoResponse, TransportFailure};
use crate::client::model::{CommandName, Dialect, MediaId};
use crate::client::observer::{EventFilter, RequestReport};
use crate::client::pause::PauseTracker;
use crate::client::protocol::{self, Answer, Command, Response};

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
    pub(super) fn out_of_time(connect: bool, report: Option<Box<RequestReport>>) -> Self {
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
    pub(super) client: &'a ClientInner,
    pub(super) command: &'a Command,
    pub(super) options: &'a CallOptions<'a>,
    pub(super) name: CommandName,
    pub(super) media_id: Option<MediaId>,
    /// Whether the request is sent even though its rate-limit bucket is empty.
    pub(super) ignore_rate_limits: bool,
    /// Requests sent.
    pub(super) sent: u32,
    /// One was sent again already, because a connection that had been used before broke.
    resent: bool,
    /// The server's clock less ours, as the last request was signed with it.
    signed_with: i64,
    repair: Repair<'a>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(client: &'a ClientInner, command: &'a Command, options: &'a CallOptions<'a>) -> Self {
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
        // In a box of its own, which only what has its slot needs: thousands wait for theirs, or for their media.
        let sending =
            Box::pin(client.transport.send(&request, authorization.as_deref(), timeout, deadline, hash.as_ref()));
        let unanswered = self.unanswered(&request, &begun, token.as_ref(), authorization.as_deref(), hash.as_ref());
        let outcome = sending.await;
        unanswered.ended();
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
        self.answered(request, begun, Signed { token, authorization, hash }, response)
    }

    /// What an answer means; what is to be known of it later is noted and kept.
    fn answered(
        &self,
        request: protocol::Request,
        begun: Begun,
        signed: Signed,
        response: Response,
    ) -> Result<Answer, AttemptFailure> {
        let decoded = self.decode(&response);
        self.note_limit(&decoded, &response);
        // What is shown of an answer are the server's words, which may be what it was sent.
        let passwords = || self.client.transport.proxy_passwords().map(|passwords| &**passwords);
        let shown = match &decoded {
            Ok(answer) if !answer.has_words() => None,
            _ => self.client.account.masked(&response, self.command, signed.token.as_deref(), passwords()),
        };
        let decoded = shown.as_ref().map_or(decoded, |shown| self.decode(shown));
        match decoded {
            Ok(answer) => {
                self.note_success();
                if let (CommandName::Init, Answer::Media(media)) = (self.name, &answer) {
                    self.client.account.note_opened(media.media_id);
                }
                if self.options.hooks.observer.event_filter() == EventFilter::All {
                    self.options.hooks.observer.request(*self.report(&request, &begun, Some(&response), None));
                }
                if self.client.recorder.is_some() || !self.options.success_ends_call {
                    self.keep(request, &begun, signed, Ok(response));
                }
                Ok(answer)
            }
            Err(error) => {
                self.note_refusal(&error, &response);
                let report = self.report(&request, &begun, Some(shown.as_ref().unwrap_or(&response)), Some(&error));
                // The refresh itself is refused for good: it cannot wait for the token that it was to bring.
                let repairable = matches!(request.authentication, protocol::Authentication::User);
                let unauthorized = repairable && error.api().is_some_and(|failure| failure.retry_status() == 401);
                let mut tried = AttemptError::new(error, Some(report));
                let token = signed.token.clone();
                tried.error.exchanges.extend(self.keep(request, &begun, signed, Ok(response.clone())));
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
}

/// What a request was sent with.
pub(super) struct Signed {
    pub token: Option<Arc<Token>>,
    pub authorization: Option<String>,
    /// Of the media in its body, where it is recorded.
    pub hash: Option<Arc<MediaHash>>,
}

/// A request that was begun.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    pub started_at: SystemTime,
    pub started: Instant,
    pub bytes: u64,
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
