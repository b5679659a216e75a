//! One command to its final outcome: sent once (`attempt`), and again as `retry` decides and the budget allows.

use std::fmt::Write as _;
use std::time::SystemTime;

use super::attempt::{Attempt, AttemptError};
use crate::client::call::{CallOptions, Hooks};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result, subject};
use crate::client::exchange::ClientInner;
use crate::client::model::{CommandName, Media, MediaId};
use crate::client::observer::RequestReport;
use crate::client::pause::PauseReason;
use crate::client::protocol::{Answer, Command};
use crate::client::retry::{self, RetryContext, RetryDecision, budget};

impl ClientInner {
    /// Carries out a command that answers with media.
    pub(in crate::client) async fn exchange_media(
        &self,
        command: &Command,
        options: &CallOptions<'_>,
    ) -> Result<Box<Media>> {
        media_of(self.exchange(command, options).await?, command.name(), command.media_id())
    }

    /// Carries out a command.
    pub(in crate::client) async fn exchange(&self, command: &Command, options: &CallOptions<'_>) -> Result<Answer> {
        let mut exchange = Exchange::new(self, command, options);
        match exchange.run().await {
            Ok(answer) => Ok(answer),
            Err((error, report)) => {
                exchange.emit_event(report);
                Err(error)
            }
        }
    }

    /// Carries out a STATUS once, for a wait, which decides by itself what follows a failure.
    pub(in crate::client) async fn poll(
        &self,
        media_id: MediaId,
        deadline: Deadline,
        hooks: Hooks<'_>,
    ) -> Result<Box<Media>, ExchangeError> {
        let command = Command::Status(media_id);
        let retry = self.options.retry.as_ref();
        let options = CallOptions { deadline, retry, hooks, limiter: None, success_ends_call: false };
        let mut attempt = Attempt::new(self, &command, &options);
        match attempt.send().await {
            Ok(answer) => {
                self.budget.refund(budget::SUCCESS_REFUND);
                media_of(answer, command.name(), Some(media_id)).map_err(|error| (error, None))
            }
            Err(AttemptError { error, report, out_of_time: late }) => {
                let (name, sent) = (command.name(), attempt.sent);
                let error = if late {
                    out_of_time(name, Some(media_id), sent, false)
                } else {
                    finished(error, name, Some(media_id), sent)
                };
                Err((error, report))
            }
        }
    }
}

/// The failure that ends a command, and the report of its last request, which is still to be emitted.
pub(in crate::client) type ExchangeError = (Error, Option<Box<RequestReport>>);

/// The attempts of one command, and what they have come to.
pub(super) struct Exchange<'a> {
    client: &'a ClientInner,
    attempt: Attempt<'a>,
    options: &'a CallOptions<'a>,
    name: CommandName,
    media_id: Option<MediaId>,
    attempts: u32,
    /// Answers of 404 among them.
    not_found: u32,
    /// What the last of them took out of the budget, which a success refunds.
    withdrawn: u32,
    /// One of them may have been processed by the server.
    may_have_been_processed: bool,
    last_error: Option<Error>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(client: &'a ClientInner, command: &'a Command, options: &'a CallOptions<'a>) -> Self {
        let mut attempt = Attempt::new(client, command, options);
        if options.retry.is_none() {
            attempt = attempt.ignore_rate_limits();
        }
        let (name, media_id) = (command.name(), command.media_id());
        Exchange {
            client,
            attempt,
            options,
            name,
            media_id,
            attempts: 0,
            not_found: 0,
            withdrawn: budget::SUCCESS_REFUND,
            may_have_been_processed: false,
            last_error: None,
        }
    }

    /// How many there were.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Emits the event of the last request, after which there is no other.
    pub(super) fn emit_event(&self, report: Option<Box<RequestReport>>) {
        self.attempt.emit_event(report, None);
    }

    /// Attempts the command until there is an answer, or a failure that `retry` does not repeat.
    pub(super) async fn run(&mut self) -> Result<Answer, ExchangeError> {
        loop {
            self.attempts += 1;
            let AttemptError { error, report, out_of_time: late } = match self.attempt.send().await {
                Ok(answer) => {
                    self.client.budget.refund(self.withdrawn);
                    return Ok(answer);
                }
                Err(tried) => tried,
            };
            self.may_have_been_processed |= !retry::request_was_not_sent(&error);
            if late {
                let mut error = out_of_time(self.name, self.media_id, self.attempt.sent, !self.may_have_been_processed);
                if let Some(lock) = self.client.account.awaited_lock() {
                    let _ = write!(error.message, ": {} is locked by another process", lock.display());
                }
                error.cause = self.last_error.take();
                return Err((error, report));
            }
            self.not_found += u32::from(retry::is_not_found(&error));
            let now = RetryContext {
                command: self.name,
                attempt: self.attempts,
                not_found: self.not_found,
                age: self.media_id.and_then(|media_id| self.client.account.age(media_id)),
                remaining: self.options.deadline.remaining(),
                jitter: rand::random(),
            };
            let decision = retry::decide(self.options.retry, &error, &now);
            if let Err((error, report)) = self.wait_for_retry(decision, error, report).await {
                return Err((finished(error, self.name, self.media_id, self.attempt.sent), report));
            }
        }
    }

    /// The same for a command that answers with media.
    pub(super) async fn run_for_media(&mut self) -> Result<Box<Media>, ExchangeError> {
        let answer = self.run().await?;
        media_of(answer, self.name, self.media_id).map_err(|error| (error, None))
    }

    /// Waits until it is time for the next attempt; returns the failure, if there is none or the budget has no tokens for
    /// it.
    pub(super) async fn wait_for_retry(
        &mut self,
        decision: RetryDecision,
        mut failure: Error,
        report: Option<Box<RequestReport>>,
    ) -> Result<(), ExchangeError> {
        let RetryDecision::RetryAfter(delay) = decision else { return Err((failure, report)) };
        let cost = budget::retry_cost(&failure);
        if !self.client.budget.take(cost) {
            failure.message.push_str("; not sent again, because too many requests of this client fail");
            return Err((failure, report));
        }
        self.withdrawn = cost;
        self.client.stats.retried();
        self.attempt.emit_event(report, Some(delay));
        let pauses = self.options.hooks.observer.pauses();
        let _waiting = pauses.map(|pauses| pauses.waiting(delay, PauseReason::of(&failure)));
        self.last_error = Some(failure);
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

/// The media that an answer describes, in its box, since it is handed on by many.
fn media_of(answer: Answer, command: CommandName, media_id: Option<MediaId>) -> Result<Box<Media>> {
    match answer {
        Answer::Media(media) => Ok(media),
        Answer::Tokens(_) | Answer::User(_) | Answer::Done => {
            Err(Error::new(Kind::InvalidResponse(None), format!("{command}: the answer has no media id"))
                .about(command, media_id))
        }
    }
}

fn finished(mut error: Error, command: CommandName, media_id: Option<MediaId>, attempts: u32) -> Error {
    error.attempts = attempts;
    if attempts > 1 {
        error.message = format!("{} (after {attempts} attempts)", error.message);
    }
    error.about(command, media_id)
}

/// The call's deadline passed. `connect` says that no request can have reached the server.
fn out_of_time(command: CommandName, media_id: Option<MediaId>, attempts: u32, connect: bool) -> Error {
    let message = format!("{}: no answer within the timeout", subject(command, media_id));
    finished(Error::new(Kind::RequestTimeout { connect }, message), command, media_id, attempts)
}

/// Refuses media whose time is over before anything is sent about it.
pub(in crate::client) fn refuse_expired(media: &Media, command: CommandName) -> Result<()> {
    if media.expires_at().is_none_or(|at| SystemTime::now() < at) {
        return Ok(());
    }
    let message = format!("{}: the id expired; upload the file again", subject(command, Some(media.media_id)));
    let mut error = Error::new(Kind::Expired, message).about(command, Some(media.media_id));
    error.media = Some(media.clone());
    Err(error)
}
