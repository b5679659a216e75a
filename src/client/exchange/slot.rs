//! The rate limits of an attempt: it waits for its slot until they allow the request, and notes what the answer says of them.

use std::time::Duration;

use super::attempt::{Attempt, AttemptError};
use crate::client::error::{ApiClass, ApiFailure, Error, Kind, Result, subject};
use crate::client::limits::BucketName;
use crate::client::pause::PauseReason;
use crate::client::protocol::{self, Answer, Response};

/// Those who waited for the same reset come back spread over this time.
const MAX_RESET_SPREAD: Duration = Duration::from_millis(250);

impl Attempt<'_> {
    /// Where its rate limit is kept.
    fn bucket(&self) -> BucketName {
        (self.client.options.api, self.name)
    }

    /// Waits until the rate limit allows the command and one more request may be in flight. Nothing is held while it
    /// waits for the rate limit.
    pub(super) async fn wait_for_slot(&self) -> Result<tokio::sync::OwnedSemaphorePermit, AttemptError> {
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

    /// Notes what an answer's headers say of the bucket.
    pub(super) fn note_limit(&self, decoded: &Result<Answer>, response: &Response) {
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

    /// Notes that a bucket is empty, where the server says so.
    pub(super) fn note_refusal(&self, error: &Error, response: &Response) {
        if error.api().is_some_and(|failure| failure.class == ApiClass::RateLimit) {
            let delays = protocol::delays(&response.headers, response.received_at);
            self.client.account.limits().note_refusal(self.bucket(), delays);
            if let Some(delay) = delays.app_24h {
                self.client.app_limits.note_refusal(self.bucket(), delay);
            }
        }
    }

    /// Notes that the buckets were not empty.
    pub(super) fn note_success(&self) {
        self.client.account.limits().note_success(self.bucket());
        self.client.app_limits.note_success(self.bucket());
    }
}
