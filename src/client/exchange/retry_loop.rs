//! One command to its final outcome: sent once (`sending`), and again as `retry` decides and the budget allows.

use crate::client::Client;
use crate::client::auth::Clock;
use crate::client::call::Terms;
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result, subject};
use crate::client::model::{CommandName, Media, MediaId};
use crate::client::observer::{Caller, Report};
use crate::client::protocol::{self, Answer, Command, Response};
use crate::client::retry::{self, Circumstances, Decision, budget};
use std::time::SystemTime;

use super::attempt::{Sending, Tried};

impl Client {
    /// Carries out a command that answers with media.
    pub(in crate::client) async fn exchange_media(&self, command: &Command, terms: Terms<'_>) -> Result<Media> {
        media_of(self.exchange(command, terms).await?, command.name(), command.media_id())
    }

    /// Carries out a command.
    pub(in crate::client) async fn exchange(&self, command: &Command, terms: Terms<'_>) -> Result<Answer> {
        let mut tries = Tries::new(self, command, terms);
        match tries.answer().await {
            Ok(answer) => Ok(answer),
            Err((error, report)) => {
                tries.told(report);
                Err(error)
            }
        }
    }

    /// Carries out a STATUS once, for a wait, which decides by itself what follows a failure.
    pub(in crate::client) async fn poll(
        &self,
        media_id: MediaId,
        deadline: Deadline,
        caller: &dyn Caller,
    ) -> Result<Media, Failed> {
        let command = Command::Status(media_id);
        let mut sending = Sending::new(self, &command, deadline, caller);
        match sending.once().await {
            Ok(answer) => {
                self.budget.put_back(budget::SUCCESS);
                media_of(answer, command.name(), Some(media_id)).map_err(|error| (error, None))
            }
            Err(Tried { error, report, out_of_time: late }) => {
                let (name, sent) = (command.name(), sending.sent());
                let error = if late {
                    out_of_time(name, Some(media_id), sent, false)
                } else {
                    finished(error, name, Some(media_id), sent)
                };
                Err((error, report))
            }
        }
    }

    pub(in crate::client) fn note_answer(&self, answer: &Answer) {
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

/// A failure that ends a command, and what is still to be told of its last request, now that nobody sends it again.
pub(in crate::client) type Failed = (Error, Option<Box<Report>>);

/// The tries of one command, and what they have come to.
pub(super) struct Tries<'a> {
    client: &'a Client,
    sending: Sending<'a>,
    terms: Terms<'a>,
    name: CommandName,
    media_id: Option<MediaId>,
    tries: u32,
    /// Answers of 404 among them.
    not_found: u32,
    /// What the last of them took out of the budget, which a success brings back.
    paid: u32,
    /// One of them may have had an effect.
    arrived: bool,
    last: Option<Error>,
}

impl<'a> Tries<'a> {
    pub(super) fn new(client: &'a Client, command: &'a Command, terms: Terms<'a>) -> Self {
        let mut sending = Sending::new(client, command, terms.deadline, terms.caller);
        if terms.retry.is_none() {
            sending = sending.heedless();
        }
        let (name, media_id) = (command.name(), command.media_id());
        Tries {
            client,
            sending,
            terms,
            name,
            media_id,
            tries: 0,
            not_found: 0,
            paid: budget::SUCCESS,
            arrived: false,
            last: None,
        }
    }

    /// How many there were.
    pub(super) fn count(&self) -> u32 {
        self.tries
    }

    /// Tells of the last request, after which there is no other.
    pub(super) fn told(&self, report: Option<Box<Report>>) {
        self.sending.told(report, None);
    }

    /// Tries until there is an answer, or a failure that `retry` lets nobody repeat.
    pub(super) async fn answer(&mut self) -> Result<Answer, Failed> {
        loop {
            self.tries += 1;
            let Tried { error, report, out_of_time: late } = match self.sending.once().await {
                Ok(answer) => {
                    self.client.budget.put_back(self.paid);
                    return Ok(answer);
                }
                Err(tried) => tried,
            };
            self.arrived |= !retry::never_arrived(&error);
            if late {
                let mut error = out_of_time(self.name, self.media_id, self.sending.sent(), !self.arrived);
                error.cause = self.last.take();
                return Err((error, report));
            }
            self.not_found += u32::from(retry::is_not_found(&error));
            let now = Circumstances {
                command: self.name,
                attempt: self.tries,
                not_found: self.not_found,
                age: self.media_id.and_then(|media_id| self.client.account.age(media_id)),
                remaining: self.terms.deadline.remaining(),
                jitter: rand::random(),
            };
            let decision = retry::decide(self.terms.retry, &error, &now);
            if let Err((error, report)) = self.follow(decision, error, report).await {
                return Err((finished(error, self.name, self.media_id, self.sending.sent()), report));
            }
        }
    }

    /// The same for a command that answers with media.
    pub(super) async fn media(&mut self) -> Result<Media, Failed> {
        let answer = self.answer().await?;
        media_of(answer, self.name, self.media_id).map_err(|error| (error, None))
    }

    /// Comes back when it is time for the next try; with the failure, if there is to be none or the budget has no tokens
    /// left for it.
    pub(super) async fn follow(
        &mut self,
        decision: Decision,
        mut failure: Error,
        report: Option<Box<Report>>,
    ) -> Result<(), Failed> {
        let Decision::Again(delay) = decision else { return Err((failure, report)) };
        let price = budget::price(&failure);
        if !self.client.budget.take(price) {
            failure.message.push_str("; not sent again, because too many requests of this client fail");
            return Err((failure, report));
        }
        self.paid = price;
        self.client.stats.retried();
        self.sending.told(report, Some(delay));
        self.last = Some(failure);
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

/// The media that an answer describes.
fn media_of(answer: Answer, command: CommandName, media_id: Option<MediaId>) -> Result<Media> {
    match answer {
        Answer::Media(media) => Ok(*media),
        Answer::Tokens(_) | Answer::User(_) | Answer::Done => {
            Err(Error::new(Kind::InvalidResponse(None), format!("{command}: the answer names no media"))
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

/// The verb's time is up. `connect` says that no request can have reached the server.
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
