//! One command to its final outcome: encode, sign, send, decode, and again as `retry` decides.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::Client;
use super::auth::Credentials;
use super::caller::{Attempt, Caller};
use super::config::Retry;
use super::deadline::Deadline;
use super::error::{Error, Kind, Result};
use super::model::{ApiVersion, CommandName, Media, MediaId};
use super::protocol::{self, Answer, Command, Response, Tokens};
use super::retry::{self, Circumstances, Decision};

/// How a command is carried out.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// When it must have ended.
    pub deadline: Deadline,
    /// How often it is tried; `None` is once.
    pub retry: Option<&'a Retry>,
    /// Who called.
    pub caller: &'a dyn Caller,
}

impl Client {
    /// Carries out a command that answers with media.
    pub(super) async fn exchange_media(&self, command: &Command, terms: Terms<'_>) -> Result<Media> {
        match self.exchange(command, terms).await? {
            Answer::Media(media) => Ok(*media),
            Answer::Tokens(Tokens { .. }) | Answer::Done => {
                Err(Error::new(Kind::InvalidResponse, format!("{}: the answer names no media", command.name()))
                    .about(command.name(), command.media_id()))
            }
        }
    }

    /// Carries out a command.
    pub(super) async fn exchange(&self, command: &Command, terms: Terms<'_>) -> Result<Answer> {
        let (name, media_id) = (command.name(), command.media_id());
        let mut attempt = 0;
        let mut not_found = 0;
        let mut resent = false;
        let mut clock_corrected = false;
        let mut last = None;
        loop {
            attempt += 1;
            let mut note = Note::new(command, attempt);
            let failure = match self.attempt(command, terms.deadline).await {
                Ok(response) => match note.decode(self.options.api, &response) {
                    Ok(answer) => {
                        note.tell(terms.caller, None, None);
                        self.note_answer(&answer);
                        return Ok(answer);
                    }
                    Err(error) => {
                        if is_unauthorized(&error) && !clock_corrected && self.correct_clock(&response, terms.caller) {
                            note.tell(terms.caller, Some(&error), Some(Duration::ZERO));
                            clock_corrected = true;
                            attempt -= 1;
                            continue;
                        }
                        error
                    }
                },
                Err(Failed::OutOfTime) => {
                    let error = out_of_time(name, media_id, attempt - 1, last);
                    note.tell(terms.caller, Some(&error), None);
                    return Err(error);
                }
                Err(Failed::Broken { error, reused }) => {
                    // The server closed an idle connection in the moment we used it. Only FINALIZE must not be sent
                    // twice on such a guess; a body that can be read but once cannot.
                    if reused
                        && !resent
                        && is_harmless(name)
                        && matches!(error.kind, Kind::Transport { connect: false })
                    {
                        note.tell(terms.caller, Some(&error), Some(Duration::ZERO));
                        resent = true;
                        attempt -= 1;
                        continue;
                    }
                    error
                }
            };
            not_found += u32::from(retry::is_not_found(&failure));
            let now = Circumstances {
                command: name,
                attempt,
                not_found,
                age: media_id.and_then(|media_id| self.account.age(media_id)),
                remaining: terms.deadline.remaining(),
                jitter: rand::random(),
            };
            match retry::decide(terms.retry, &failure, &now) {
                Decision::Again(delay) => {
                    note.tell(terms.caller, Some(&failure), Some(delay));
                    tokio::time::sleep(delay).await;
                }
                Decision::Never => {
                    note.tell(terms.caller, Some(&failure), None);
                    return Err(finished(failure, name, media_id, attempt));
                }
            }
            last = Some(failure);
        }
    }

    /// One request and its answer.
    async fn attempt(&self, command: &Command, deadline: Deadline) -> Result<Response, Failed> {
        let (name, media_id) = (command.name(), command.media_id());
        let request = protocol::encode(self.options.api, &self.transport.options().hosts, command);
        let sending = async {
            let _place = self.transport.place().await.map_err(|error| Failed::Broken { error, reused: false })?;
            let authorization = self.account.authorization(&request);
            let sent = self.transport.send(&request, authorization.as_deref(), self.options.request_timeout).await;
            sent.map_err(|broken| {
                let mut error = broken.error;
                error.message = format!("{}: {}", subject(name, media_id), error.message);
                error.retryable = true;
                Failed::Broken { error, reused: broken.reused }
            })
        };
        let response = deadline.limit(sending).await.ok_or(Failed::OutOfTime)??;
        if let Some(limit) = protocol::rate_limit(&response.headers) {
            self.account.note_rate_limit(name, limit);
        }
        Ok(response)
    }

    fn note_answer(&self, answer: &Answer) {
        if let Answer::Media(media) = answer
            && media.command == Some(CommandName::Init)
        {
            self.account.note_opened(media.media_id);
        }
    }

    /// After a 401: signs with the server's time from now on, if our clock is the likely reason.
    fn correct_clock(&self, response: &Response, caller: &dyn Caller) -> bool {
        if !matches!(self.account.credentials(), Credentials::OAuth1(_)) {
            return false;
        }
        let Some(server) = protocol::server_date(&response.headers) else { return false };
        let Some(seconds) = self.account.correct_clock(server, response.received_at) else { return false };
        caller.warn(format!(
            "this machine's clock is {} s {} the server's; requests are signed with the server's time",
            seconds.unsigned_abs(),
            if seconds > 0 { "behind" } else { "ahead of" },
        ));
        true
    }
}

/// What is noted of a request while it is under way.
struct Note {
    attempt: Attempt,
    began: Instant,
}

impl Note {
    fn new(command: &Command, attempt: u32) -> Self {
        let bytes_sent = match command {
            Command::Append { media, .. } => media.len(),
            Command::Simple(simple) => simple.media.len(),
            _ => 0,
        };
        let attempt = Attempt {
            command: command.name(),
            media_id: command.media_id(),
            attempt,
            status: None,
            error: None,
            timed_out: false,
            started_at: SystemTime::now(),
            duration: Duration::ZERO,
            bytes_sent,
            request_id: None,
            retry_in: None,
        };
        Note { attempt, began: Instant::now() }
    }

    fn decode(&mut self, api: ApiVersion, response: &Response) -> Result<Answer> {
        self.attempt.status = Some(response.status);
        self.attempt.request_id = protocol::request_id(&response.headers);
        protocol::decode(api, self.attempt.command, self.attempt.media_id, response)
    }

    fn tell(mut self, caller: &dyn Caller, error: Option<&Error>, retry_in: Option<Duration>) {
        self.attempt.duration = self.began.elapsed();
        self.attempt.error = error.map(|error| error.message.clone());
        self.attempt.timed_out = error.is_some_and(|error| matches!(error.kind, Kind::RequestTimeout { .. }));
        self.attempt.retry_in = retry_in;
        caller.attempted(&self.attempt);
    }
}

/// How a request ended without an answer.
enum Failed {
    /// The verb's deadline passed.
    OutOfTime,
    /// The connection failed.
    Broken { error: Error, reused: bool },
}

/// What a message begins with: the command, and the media if it has an id.
pub(super) fn subject(command: CommandName, media_id: Option<MediaId>) -> String {
    media_id.map_or_else(|| command.to_string(), |media_id| format!("{command} {media_id}"))
}

fn is_unauthorized(error: &Error) -> bool {
    error.api().is_some_and(|failure| failure.retry_status() == 401)
}

/// Commands whose repetition changes nothing that matters.
fn is_harmless(command: CommandName) -> bool {
    !matches!(command, CommandName::Finalize | CommandName::Token)
}

fn finished(mut error: Error, command: CommandName, media_id: Option<MediaId>, attempts: u32) -> Error {
    error.attempts = attempts;
    if attempts > 1 {
        error.message = format!("{} (after {attempts} attempts)", error.message);
    }
    error.about(command, media_id)
}

/// The verb's time is up; the last failure explains what it was spent on.
fn out_of_time(command: CommandName, media_id: Option<MediaId>, attempts: u32, last: Option<Error>) -> Error {
    let message = format!("{}: no answer within the timeout", subject(command, media_id));
    let mut error = Error::new(Kind::RequestTimeout { connect: false }, message);
    error.retryable = true;
    error.retry_after = Some(Duration::ZERO);
    error.cause = last;
    finished(error, command, media_id, attempts.max(1))
}
