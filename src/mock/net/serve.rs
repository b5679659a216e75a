//! One request from its first line to its answer: journal, body, orders of the test, the command itself.

use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Method, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::client::model::ApiVersion;
use crate::mock::api::rejections::rate_limited;
use crate::mock::api::request::{Parameters, Route};
use crate::mock::api::responses::Answer;
use crate::mock::api::{token, v1_1, v2};
use crate::mock::net::body::{Outgoing, pace};
use crate::mock::net::context::{Broken, Call};
use crate::mock::net::ending::Line;
use crate::mock::net::faults::break_off;
use crate::mock::net::headers::{dress, media_table, written};
use crate::mock::script::{Fault, FaultKind, Item};
use crate::mock::shared::{Shared, Underway, epoch};
use crate::mock::state::rate_limits::Reading;
use crate::mock::state::rejection::Refusal;
use crate::mock::state::server_state::State;

/// A body that has to be looked at while it comes in shows its command within so many bytes.
const COMMAND_WITHIN: usize = 64 * 1024;

/// Answers one request.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    line: Arc<Line>,
    request: http::Request<Incoming>,
) -> Result<Response<Outgoing>, Broken> {
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts.method, parts.uri.path());
    let api = route.api(parts.uri.path());
    let place = {
        let mut state = shared.state();
        let at = epoch(state.wall());
        state.journal.open(&parts, at, line.number)
    };
    let underway = Underway::new(Arc::clone(&shared), place);
    let mut call = Call { shared, line, place, parts, route, api, command: None, item: None };
    call.know_command(&Bytes::new());
    let body = match call.read(body).await {
        Read::Whole(body) => body,
        Read::Broken(kind) => return break_off(&call, kind, underway, None).await,
        Read::Gone => return Err(Broken),
    };
    let too_large = body.is_none();
    let parameters = Parameters::read(&call.parts, &body.unwrap_or_default());
    call.note(&parameters);
    let item = call.item.take().unwrap_or_else(|| match call.command {
        Some(command) => call.shared.state().script.take(command),
        None => Item::Normal,
    });
    if !matches!(item, Item::Normal) {
        call.entry(|entry| entry.scripted = true);
    }
    match item {
        Item::Normal => {
            let answer = call.process(&parameters, too_large);
            Ok(call.whole(answer, underway))
        }
        Item::Reply(reply) => {
            if reply.apply {
                call.process(&parameters, too_large);
            }
            tokio::time::sleep(reply.delay).await;
            Ok(call.whole(written(&call, reply), underway))
        }
        Item::Fault(fault) => {
            let answer = fault.takes_effect().then(|| call.process(&parameters, too_large));
            break_off(&call, fault, underway, answer).await
        }
    }
}

/// How the reading of a body went.
enum Read {
    /// All of it; `None` if it was too large to be kept.
    Whole(Option<Bytes>),
    /// A fault that a test ordered.
    Broken(Fault),
    /// The client went away.
    Gone,
}

impl Call {
    /// Reads the body to its end, also what is too large, so that the client gets to hear the answer.
    async fn read(&mut self, mut body: Incoming) -> Read {
        let announced = self.parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let max = self.shared.body_max;
        let mut buffer = BytesMut::with_capacity(announced.unwrap_or(0usize).min(max));
        let mut read = 0u64;
        loop {
            if let Some(fault) = self.fault_in_body(read, &buffer) {
                match fault.kind {
                    FaultKind::Slow { .. } => {}
                    FaultKind::Delay(delay) => {
                        self.item = Some(Item::Normal);
                        tokio::time::sleep(delay).await;
                    }
                    _ => {
                        self.entry(|entry| entry.body_bytes = read);
                        return Read::Broken(fault);
                    }
                }
            }
            let data = match body.frame().await {
                None => break,
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(_)) => {
                    self.know_command(&buffer.split().freeze());
                    self.entry(|entry| entry.body_bytes = read);
                    return Read::Gone;
                }
            };
            read += data.len() as u64;
            if let Some(Item::Fault(Fault { kind: FaultKind::Slow { bytes_per_second }, in_body: Some(at) })) =
                self.item
                && read > at
            {
                tokio::time::sleep(pace(data.len(), bytes_per_second)).await;
            }
            if read <= max as u64 {
                buffer.extend_from_slice(&data);
            } else if !buffer.is_empty() {
                // It will not be kept, but which command it was shall be known.
                self.know_command(&buffer.split().freeze());
            }
        }
        if let Some(Item::Fault(Fault { kind: FaultKind::Slow { .. }, in_body: Some(_) })) = self.item {
            self.item = Some(Item::Normal);
        }
        self.entry(|entry| {
            entry.body_bytes = read;
            entry.complete = true;
        });
        Read::Whole((read <= max as u64).then(|| buffer.freeze()))
    }

    /// The fault that is ordered for this point of the body, if a test ordered one.
    fn fault_in_body(&mut self, read: u64, buffer: &BytesMut) -> Option<Fault> {
        if self.item.is_none() && self.shared.state().script.wants_bodies() {
            if self.command.is_none() && buffer.len() <= COMMAND_WITHIN {
                self.know_command(&Bytes::copy_from_slice(buffer));
            }
            self.item = self.command.and_then(|command| self.shared.state().script.take_in_body(command));
        }
        match &self.item {
            Some(Item::Fault(fault)) if fault.in_body.is_some_and(|at| read >= at) => {
                self.entry(|entry| entry.scripted = true);
                Some(fault.clone())
            }
            _ => None,
        }
    }

    /// Lets the command take effect and makes its answer.
    fn process(&self, parameters: &Parameters, too_large: bool) -> Response<Bytes> {
        if self.route == Route::MediaTable {
            return dress(self, Answer::json(200, media_table(self)), None);
        }
        let mut guard = self.shared.state();
        let state = &mut *guard;
        let (answer, reading) = self.decide(state, parameters, too_large);
        if let Some(entry) = state.journal.entry(self.place) {
            entry.status = Some(answer.status);
            entry.effect = answer.effect;
            entry.media_id = answer.media_id.or(entry.media_id);
        }
        drop(guard);
        dress(self, answer, reading)
    }

    fn decide(&self, state: &mut State, parameters: &Parameters, too_large: bool) -> (Answer, Option<Reading>) {
        let now = Instant::now();
        match self.route {
            Route::Unknown => return (Refusal::NoSuchPage.answer(self.api), None),
            Route::V2Token => return (token::answer(&mut state.accounts, &self.parts, parameters), None),
            _ => {}
        }
        let wall = state.wall();
        let who = match self.shared.verify_auth {
            true => {
                let (query, form) = (parameters.query(), parameters.signed_form());
                state.accounts.identify(self.api, &self.parts, query, &form, epoch(wall)).map(Some)
            }
            false => Ok(None),
        };
        let account = who.as_ref().ok().copied().flatten();
        let reading = self.command.map(|command| state.limits.take((account, self.api, command), now, wall));
        let answer = match who {
            Err(stranger) => stranger.answer(self.api),
            Ok(_) if reading.is_some_and(|reading| reading.refused) => rate_limited(self.api),
            Ok(_) if too_large => Refusal::TooLarge.answer(self.api),
            Ok(_) => {
                let get = self.parts.method == Method::GET;
                let answered = match self.api {
                    ApiVersion::V1_1 => v1_1::answer(state, &self.route, get, parameters, now),
                    ApiVersion::V2 => v2::answer(state, &self.route, get, parameters, now),
                };
                answered.unwrap_or_else(|refusal| refusal.answer(self.api))
            }
        };
        (answer, reading)
    }
}
