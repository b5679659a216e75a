//! What is reported of the request of an attempt, and recorded of it.

use std::sync::Arc;

use super::attempt::{Attempt, Begun, Signed};
use crate::client::auth::oauth2::Token;
use crate::client::auth::secrets_of;
use crate::client::error::{Error, Kind};
use crate::client::http::{Broken, MediaHash};
use crate::client::kept_exchange::KeptExchange;
use crate::client::observer::RequestReport;
use crate::client::protocol::{self, Response};
use crate::client::record::{Sender, Sent, SentExchange};
use crate::client::x_values::SegmentIndex;

/// A request on its way. Dropped before it has ended, it is recorded as cancelled: a record shows all that was sent. The
/// error of a call has no place for it, since a call that is given up has none, and a segment that is given up because of
/// another's failure says nothing about that.
pub(super) struct Unanswered<'a> {
    attempt: &'a Attempt<'a>,
    request: &'a protocol::Request,
    begun: &'a Begun,
    token: Option<&'a Arc<Token>>,
    authorization: Option<&'a str>,
    hash: Option<&'a Arc<MediaHash>>,
}

impl Unanswered<'_> {
    /// It has ended.
    pub(super) fn ended(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let Some(recorder) = &self.attempt.client.recorder else { return };
        let signed = Signed {
            token: self.token.cloned(),
            authorization: self.authorization.map(str::to_owned),
            hash: self.hash.cloned(),
        };
        recorder.record(self.attempt.kept(self.request.clone(), self.begun, signed, Err(Broken::Cancelled)));
    }
}

impl Attempt<'_> {
    /// Watches over a request until it has ended.
    pub(super) fn unanswered<'a>(
        &'a self,
        request: &'a protocol::Request,
        begun: &'a Begun,
        token: Option<&'a Arc<Token>>,
        authorization: Option<&'a str>,
        hash: Option<&'a Arc<MediaHash>>,
    ) -> Unanswered<'a> {
        Unanswered { attempt: self, request, begun, token, authorization, hash }
    }

    /// Keeps a request that has ended, where somebody may want to see it.
    pub(super) fn keep(
        &self,
        request: protocol::Request,
        begun: &Begun,
        signed: Signed,
        answer: Result<Response, Broken>,
    ) -> Option<Arc<dyn KeptExchange>> {
        let (log, recorder) = (self.options.hooks.exchanges, self.client.recorder.as_ref());
        if log.is_none() && recorder.is_none() {
            return None;
        }
        let kept = self.kept(request, begun, signed, answer);
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

    fn kept(
        &self,
        request: protocol::Request,
        begun: &Begun,
        Signed { token, authorization, hash }: Signed,
        answer: Result<Response, Broken>,
    ) -> Arc<dyn KeptExchange> {
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
        SentExchange::new(sent, answer)
    }

    /// The report of a request, with its answer or how it failed.
    pub(super) fn report(
        &self,
        request: &protocol::Request,
        begun: &Begun,
        response: Option<&Response>,
        error: Option<&Error>,
    ) -> Box<RequestReport> {
        Box::new(RequestReport {
            command: self.name,
            media_id: self.media_id,
            segment_index: self.command.segment_index().map(SegmentIndex::get),
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
