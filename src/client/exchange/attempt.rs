//! One try of a command: its turn, its token, its request, its answer, and what can be repaired without counting it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::repair::{Unrepaired, not_refreshed};
use crate::client::Client;
use crate::client::auth::oauth2::{self, Token};
use crate::client::deadline::Deadline;
use crate::client::error::{ApiClass, ApiFailure, Error, Kind, Result, subject};
use crate::client::http::{Broken, Unanswered};
use crate::client::limits::BucketName;
use crate::client::model::{CommandName, MediaId};
use crate::client::observer::{Caller, Hearing, Report};
use crate::client::protocol::{self, Answer, Command, Response};

/// Those who waited for the same reset come back spread over this time.
const SPREAD: Duration = Duration::from_millis(250);

/// A try that failed.
pub(super) struct Tried {
    /// Why.
    pub error: Error,
    /// What is to be told of its request once it is decided what follows; none if nothing was sent.
    pub report: Option<Box<Report>>,
    /// The verb's deadline passed, which says nothing of the server.
    pub out_of_time: bool,
}

impl Tried {
    fn new(error: Error, report: Option<Box<Report>>) -> Self {
        Tried { error, report, out_of_time: false }
    }

    /// The deadline passed before anything was sent, or before there was a connection to send it on.
    fn out_of_time(connect: bool, report: Option<Box<Report>>) -> Self {
        let error = Error::new(Kind::RequestTimeout { connect }, "no answer within the timeout");
        Tried { error, report, out_of_time: true }
    }
}

impl From<Error> for Tried {
    fn from(error: Error) -> Self {
        Tried::new(error, None)
    }
}

/// The tries of one command.
pub(super) struct Sending<'a> {
    pub(super) client: &'a Client,
    pub(super) command: &'a Command,
    pub(super) deadline: Deadline,
    pub(super) caller: &'a dyn Caller,
    pub(super) name: CommandName,
    pub(super) media_id: Option<MediaId>,
    /// Whether an empty bucket is waited for; otherwise the server is asked all the same.
    pub(super) heeds_limits: bool,
    /// Requests sent.
    pub(super) sent: u32,
    pub(super) resent: bool,
    /// The server's clock less ours, as the last request was signed with it.
    pub(super) signed_with: i64,
    pub(super) clock_corrected: bool,
    pub(super) renewed: bool,
    /// A token that runs out soon was to be replaced before it was sent.
    pub(super) asked_early: bool,
    /// How often the request was sent again with another token.
    pub(super) repairs: u32,
    /// Why the token could not be replaced before it was sent.
    pub(super) unrenewed: Option<Error>,
}

impl<'a> Sending<'a> {
    pub(super) fn new(client: &'a Client, command: &'a Command, deadline: Deadline, caller: &'a dyn Caller) -> Self {
        Sending {
            client,
            command,
            deadline,
            caller,
            name: command.name(),
            media_id: command.media_id(),
            heeds_limits: true,
            sent: 0,
            resent: false,
            signed_with: 0,
            clock_corrected: false,
            renewed: false,
            asked_early: false,
            repairs: 0,
            unrenewed: None,
        }
    }

    /// The same, sent whatever is known of rate limits.
    pub(super) fn heedless(mut self) -> Self {
        self.heeds_limits = false;
        self
    }

    /// Sends the command once, and again where that repairs what was no fault of it: an idle connection that the server
    /// had closed, a clock that is off, a token that has run out.
    pub(super) async fn once(&mut self) -> Result<Answer, Tried> {
        loop {
            let tried = match self.request().await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Tried(tried)) => tried,
                Err(Failed::Reused(tried)) => {
                    self.resent = true;
                    self.told(tried.report, Some(Duration::ZERO));
                    continue;
                }
                Err(Failed::Unauthorized(tried, response, token)) => match self.repair(&response, token).await {
                    Ok(true) => {
                        self.told(tried.report, Some(Duration::ZERO));
                        self.tell_of_refresh().await?;
                        continue;
                    }
                    Ok(false) => tried,
                    Err(Unrepaired::OutOfTime) => {
                        self.told(tried.report, None);
                        return Err(Tried::out_of_time(true, None));
                    }
                    Err(Unrepaired::Caller(error)) => {
                        self.told(tried.report, None);
                        return Err(error.into());
                    }
                    Err(Unrepaired::Refresh(error)) => {
                        self.told(tried.report, None);
                        self.emit_refresh_events();
                        return Err(not_refreshed(tried.error, error).into());
                    }
                },
            };
            return Err(tried);
        }
    }

    /// Tells the caller of a request, now that it is known what follows.
    pub(super) fn told(&self, report: Option<Box<Report>>, retry_in: Option<Duration>) {
        let Some(mut report) = report else { return };
        let heard = if retry_in.is_some() { Hearing::Retries } else { Hearing::Everything };
        if self.caller.hears() >= heard {
            report.retry_in = retry_in;
            self.caller.request(*report);
        }
    }

    /// Requests sent so far.
    pub(super) fn sent(&self) -> u32 {
        self.sent
    }

    async fn request(&mut self) -> Result<Answer, Failed> {
        let (client, deadline) = (self.client, self.deadline);
        let _place = match self.caller.gate(self.name) {
            Some(gate) => {
                let place = deadline.limit(gate.enter()).await;
                Some(place.ok_or_else(|| Failed::Tried(Tried::out_of_time(true, None)))?)
            }
            None => None,
        };
        let request = protocol::encode(client.options.api, &client.transport.options().hosts, self.command);
        let token = deadline.limit(self.token(&request)).await.unwrap_or_else(|| Err(Tried::out_of_time(true, None)));
        let token = token.map_err(Failed::Tried)?;
        let place = {
            let _queued = client.stats.queue();
            self.turn().await.map_err(Failed::Tried)?
        };
        // While it waited for its turn, another request may have had the token refreshed.
        let token = self.kept().and_then(oauth2::Credentials::newest).or(token);
        self.signed_with = client.account.clock_offset();
        let authorization = client.account.authorization(&request, token.as_deref());
        self.sent += 1;
        let mut in_flight = client.stats.send(self.name);
        let begun = Begun { started_at: SystemTime::now(), started: Instant::now(), bytes: request.body.size() };
        let timeout = client.options.request_timeout;
        let outcome = client.transport.send(&request, authorization.as_deref(), timeout, deadline).await;
        drop(place);
        let response = match outcome {
            Ok(response) => response,
            Err(unanswered) => return Err(self.unanswered(unanswered, &begun, &in_flight)),
        };
        in_flight.sent(begun.bytes);
        in_flight.answered(response.status, response.body.len());
        drop(in_flight);
        self.note_limit(&response);
        let decoded = self.decode(&response).or_else(|error| {
            // The error shows what the server said, which may be what it was sent.
            match client.account.masked(&response.body, self.command, token.as_deref()) {
                Some(body) => self.decode(&Response { body, ..response.clone() }),
                None => Err(error),
            }
        });
        match decoded {
            Ok(answer) => {
                client.note_answer(&answer);
                if self.caller.hears() == Hearing::Everything {
                    self.caller.request(*self.report(&begun, Some(&response), None));
                }
                Ok(answer)
            }
            Err(error) => {
                self.note_refusal(&error);
                let report = self.report(&begun, Some(&response), Some(&error));
                // The refresh itself is refused for good: it cannot wait for the token that it was to bring.
                let repairable = matches!(request.login, protocol::Login::User);
                let unauthorized = repairable && error.api().is_some_and(|failure| failure.retry_status() == 401);
                let tried = Tried::new(error, Some(report));
                Err(if unauthorized {
                    Failed::Unauthorized(tried, Box::new(response), token)
                } else {
                    Failed::Tried(tried)
                })
            }
        }
    }

    fn decode(&self, response: &Response) -> Result<Answer> {
        protocol::decode(self.client.options.api, self.name, self.media_id, response)
    }

    fn unanswered(
        &self,
        unanswered: Unanswered,
        begun: &Begun,
        in_flight: &crate::client::stats::InFlight<'_>,
    ) -> Failed {
        let (mut tried, reused) = match unanswered {
            Unanswered::Broken(Broken { mut error, reused }) => {
                error.message = format!("{}: {}", subject(self.name, self.media_id), error.message);
                (Tried::new(error, None), reused)
            }
            Unanswered::OutOfTime { connect } => (Tried::out_of_time(connect, None), false),
        };
        let bytes = if crate::client::retry::never_arrived(&tried.error) { 0 } else { begun.bytes };
        in_flight.sent(bytes);
        tried.report = Some(self.report(&Begun { bytes, ..*begun }, None, Some(&tried.error)));
        // The server closed an idle connection in the moment we used it. Only FINALIZE must not be sent twice on such a
        // guess.
        let harmless = self.name != CommandName::Finalize;
        let cut_off = matches!(tried.error.kind, Kind::Transport { connect: false });
        if reused && cut_off && harmless && !self.resent { Failed::Reused(tried) } else { Failed::Tried(tried) }
    }

    /// Where its rate limit is kept.
    fn bucket(&self) -> BucketName {
        (self.client.options.api, self.name)
    }

    /// Waits until the command's bucket is not empty and one more request may be in flight. Nothing is held while it
    /// waits for the bucket.
    async fn turn(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Tried> {
        let limits = self.client.account.limits();
        let mut reservation = self.caller.take_reservation();
        loop {
            if let Some(left) = limits.empty_for(self.bucket()).filter(|_| self.heeds_limits) {
                let wait = left.saturating_add(SPREAD.mul_f64(rand::random()));
                if self.deadline.remaining().is_some_and(|remaining| left >= remaining) {
                    return Err(self.limited(left).into());
                }
                drop(reservation.take());
                self.deadline.sleep(wait).await;
            }
            let place = match reservation.take() {
                Some(reservation) => self.deadline.limit(reservation.permit()).await,
                None => self.deadline.limit(self.client.transport.place()).await,
            };
            let place = place.ok_or_else(|| Tried::out_of_time(true, None))??;
            // Those who were before it in the queue may have emptied the bucket.
            if !self.heeds_limits || limits.empty_for(self.bucket()).is_none() {
                return Ok(place);
            }
        }
    }

    /// The refusal that the server would give.
    fn limited(&self, left: Duration) -> Error {
        let message = format!(
            "{}: not sent, because the rate limit is used up and its reset lies beyond the timeout. Try again in {} s.",
            subject(self.name, self.media_id),
            left.as_secs_f64().ceil()
        );
        let failure = ApiFailure {
            class: ApiClass::RateLimit,
            status: 429,
            rate_limit: self.client.account.limits().told(self.bucket()),
            ..ApiFailure::default()
        };
        let mut error = Error::new(Kind::Api(Box::new(failure)), message);
        error.retryable = true;
        error.retry_after = Some(left);
        error
    }

    fn note_limit(&self, response: &Response) {
        if let Some(limit) = protocol::rate_limit(&response.headers) {
            let server_now = protocol::server_date(&response.headers).unwrap_or(response.received_at);
            self.client.account.limits().note(self.bucket(), limit, server_now);
        }
    }

    fn note_refusal(&self, error: &Error) {
        let limited = error.api().is_some_and(|failure| failure.class == ApiClass::RateLimit);
        if let Some(retry_after) = error.retry_after.filter(|_| limited) {
            self.client.account.limits().note_refusal(self.bucket(), retry_after);
        }
    }

    fn report(&self, begun: &Begun, response: Option<&Response>, error: Option<&Error>) -> Box<Report> {
        Box::new(Report {
            command: self.name,
            media_id: self.media_id,
            segment_index: self.command.segment_index(),
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

/// A request that was begun.
#[derive(Clone, Copy)]
struct Begun {
    started_at: SystemTime,
    started: Instant,
    bytes: u64,
}

/// How a request failed, and what that calls for.
enum Failed {
    /// For `retry` to judge.
    Tried(Tried),
    /// A connection that had been used before broke.
    Reused(Tried),
    /// A 401, its answer and the token that was sent.
    Unauthorized(Tried, Box<Response>, Option<Arc<Token>>),
}
