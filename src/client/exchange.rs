//! One command to its final outcome: sent once (`sending`), and again as `retry` decides and the budget allows.

use super::Client;
use super::auth::Clock;
use super::budget;
use super::caller::{Caller, Report};
use super::config::Retry;
use super::deadline::Deadline;
use super::error::{Error, Kind, Result};
use super::model::{CommandName, Media, MediaId};
use super::protocol::{self, Answer, Command, Response};
use super::retry::{self, Circumstances, Decision};
use super::sending::{Sending, Tried};

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
        media_of(self.exchange(command, terms).await?, command)
    }

    /// Carries out a command.
    pub(super) async fn exchange(&self, command: &Command, terms: Terms<'_>) -> Result<Answer> {
        let (name, media_id) = (command.name(), command.media_id());
        let mut sending = Sending::new(self, command, terms.deadline, terms.caller);
        if terms.retry.is_none() {
            sending = sending.heedless();
        }
        let mut attempt = 0;
        let mut not_found = 0;
        let mut paid = budget::SUCCESS;
        let mut last = None;
        loop {
            attempt += 1;
            let tried = match sending.once().await {
                Ok(answer) => {
                    self.budget.put_back(paid);
                    return Ok(answer);
                }
                Err(tried) => tried,
            };
            if tried.out_of_time {
                sending.told(tried, None);
                return Err(out_of_time(name, media_id, attempt - 1, last));
            }
            let mut failure = tried.error.clone();
            not_found += u32::from(retry::is_not_found(&failure));
            let now = Circumstances {
                command: name,
                attempt,
                not_found,
                age: media_id.and_then(|media_id| self.account.age(media_id)),
                remaining: terms.deadline.remaining(),
                jitter: rand::random(),
            };
            let sent = u32::from(tried.report.is_some());
            match retry::decide(terms.retry, &failure, &now) {
                Decision::Again(delay) if self.budget.take(budget::price(&failure)) => {
                    paid = budget::price(&failure);
                    self.stats.retried();
                    sending.told(tried, Some(delay));
                    tokio::time::sleep(delay).await;
                }
                decision => {
                    if decision != Decision::Never {
                        failure.message.push_str("; not sent again, because too many requests of this client fail");
                    }
                    sending.told(tried, None);
                    return Err(finished(failure, name, media_id, attempt - 1 + sent));
                }
            }
            last = Some(failure);
        }
    }

    /// Carries out a STATUS once, for a wait, which decides by itself what follows a failure.
    pub(super) async fn poll(
        &self,
        media_id: MediaId,
        deadline: Deadline,
        caller: &dyn Caller,
    ) -> Result<Media, (Error, Option<Box<Report>>)> {
        let command = Command::Status(media_id);
        let mut sending = Sending::new(self, &command, deadline, caller);
        match sending.once().await {
            Ok(answer) => {
                self.budget.put_back(budget::SUCCESS);
                media_of(answer, &command).map_err(|error| (error, None))
            }
            Err(Tried { report, out_of_time: true, .. }) => {
                Err((out_of_time(command.name(), Some(media_id), 1, None), report))
            }
            Err(Tried { error, report, .. }) => Err((finished(error, command.name(), Some(media_id), 1), report)),
        }
    }

    pub(super) fn note_answer(&self, answer: &Answer) {
        if let Answer::Media(media) = answer
            && media.command == Some(CommandName::Init)
        {
            self.account.note_opened(media.media_id);
        }
    }

    /// After a 401: signs with the server's time from now on, if our clock is the likely reason. Whether it is.
    pub(super) fn correct_clock(&self, response: &Response, signed_with: i64, caller: &dyn Caller) -> bool {
        let Some(server) = protocol::server_date(&response.headers) else { return false };
        let clock = self.account.correct_clock(server, response.received_at, signed_with);
        if let Clock::Moved(seconds) = clock {
            caller.warn(format!(
                "this machine's clock is {} s {} the server's; requests are signed with the server's time",
                seconds.unsigned_abs(),
                if seconds > 0 { "behind" } else { "ahead of" },
            ));
        }
        clock != Clock::Right
    }
}

/// The media that an answer describes.
fn media_of(answer: Answer, command: &Command) -> Result<Media> {
    match answer {
        Answer::Media(media) => Ok(*media),
        Answer::Tokens(_) | Answer::Done => {
            Err(Error::new(Kind::InvalidResponse(None), format!("{}: the answer names no media", command.name()))
                .about(command.name(), command.media_id()))
        }
    }
}

/// What a message begins with: the command, and the media if it has an id.
pub(super) fn subject(command: CommandName, media_id: Option<MediaId>) -> String {
    media_id.map_or_else(|| command.to_string(), |media_id| format!("{command} {media_id}"))
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
    error.cause = last;
    finished(error, command, media_id, attempts.max(1))
}
