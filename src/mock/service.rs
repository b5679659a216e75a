//! One request from its first line to its answer: journal, body, orders of the test, the command itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::mpsc::UnboundedSender;

use super::answers::{Answer, Refusal, rate_limited};
use super::body::{Outgoing, pace};
use super::connection::Line;
use super::house::Control;
use super::journal::{Details, Place};
use super::limits::Reading;
use super::requests::{Encoding, Parameters, Route, command, upload_command};
use super::script::{Fault, FaultKind, Item};
use super::state::State;
use super::{auth, v1_1, v2};
use crate::client::model::{ApiVersion, CommandName};

/// A body that has to be looked at while it comes in shows its command within so many bytes.
const COMMAND_WITHIN: usize = 64 * 1024;

/// What the server's tasks and the test's threads share.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) control: UnboundedSender<Control>,
    pub(super) accepted: AtomicU64,
    pub(super) open: AtomicU64,
    pub(super) answers: AtomicU64,
    pub(super) closing: AtomicBool,
    pub(super) verify_auth: bool,
    pub(super) body_max: usize,
}

impl Shared {
    /// The state, for a moment: no caller awaits or does I/O with it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that has no complete answer yet; if that is dropped, the client has gone away.
pub(super) struct Underway {
    shared: Arc<Shared>,
    place: Place,
    answered: bool,
}

impl Underway {
    /// The answer is complete, or the server itself broke it off.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if !self.answered
            && !self.shared.closing.load(Ordering::Relaxed)
            && let Some(entry) = self.shared.state().journal.entry(self.place)
        {
            entry.aborted = true;
        }
    }
}

/// The service ends the connection; how, stands in its [`Line`].
#[derive(Debug)]
pub(super) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is ended by order")
    }
}

impl std::error::Error for Broken {}

/// One request on its way.
pub(super) struct Call {
    pub(super) shared: Arc<Shared>,
    pub(super) line: Arc<Line>,
    place: Place,
    pub(super) parts: Parts,
    route: Route,
    pub(super) api: ApiVersion,
    command: Option<CommandName>,
    item: Option<Item>,
}

/// Answers one request.
pub(super) async fn serve(
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
    let underway = Underway { shared: Arc::clone(&shared), place, answered: false };
    let mut call = Call { shared, line, place, parts, route, api, command: None, item: None };
    call.know_command(&Bytes::new());
    let body = match call.read(body).await {
        Read::Whole(body) => body,
        Read::Broken(kind) => return call.break_off(kind, underway, None).await,
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
            Ok(call.whole(call.written(reply), underway))
        }
        Item::Fault(fault) => {
            let answer = fault.takes_effect().then(|| call.process(&parameters, too_large));
            call.break_off(fault, underway, answer).await
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

    /// Finds out the command from the address, the query, or what is there of the body.
    fn know_command(&mut self, body: &Bytes) {
        let said = || {
            let parameters = Parameters::read(&self.parts, body);
            parameters.get("command").and_then(upload_command)
        };
        let known = self.route.command(&self.parts.method);
        self.command = known.or_else(|| self.route.has_command_parameter().then(said).flatten());
        if self.command.is_some() {
            self.entry(|entry| entry.command = self.command);
        }
    }

    /// Takes down what the body said.
    fn note(&mut self, parameters: &Parameters) {
        self.command = self.command.or_else(|| command(&self.route, &self.parts.method, parameters));
        let asked = match &self.route {
            Route::V2Append(id) | Route::V2Finalize(id) => Some(id.as_str()),
            _ => parameters.get("media_id").or(parameters.get("id")),
        };
        let media_id = asked.and_then(crate::client::model::MediaId::parse);
        let json = (parameters.encoding == Encoding::Json).then(|| parameters.json.as_ref().map(ToString::to_string));
        let details = Details { form: parameters.form().to_vec(), json: json.flatten() };
        self.entry(|entry| {
            entry.command = self.command;
            entry.media_id = media_id;
            let empty = details.form.is_empty() && details.json.is_none();
            entry.details = (!empty).then(|| Box::new(details));
        });
    }

    /// The answer with its whole body.
    pub(super) fn whole(&self, response: Response<Bytes>, mut underway: Underway) -> Response<Outgoing> {
        // Nobody takes the body of an answer that is sent without one.
        let status = response.status();
        if self.parts.method == Method::HEAD || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            underway.answered();
        }
        response.map(|body| Outgoing::whole(body, underway))
    }

    /// Changes this request's place in the journal.
    pub(super) fn entry(&self, change: impl FnOnce(&mut super::journal::Entry)) {
        if let Some(entry) = self.shared.state().journal.entry(self.place) {
            change(entry);
        }
    }

    /// Lets the command take effect and makes its answer.
    fn process(&self, parameters: &Parameters, too_large: bool) -> Response<Bytes> {
        if self.route == Route::MediaTable {
            return self.dress(Answer::json(200, self.media_table()), None);
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
        self.dress(answer, reading)
    }

    fn decide(&self, state: &mut State, parameters: &Parameters, too_large: bool) -> (Answer, Option<Reading>) {
        let now = Instant::now();
        match self.route {
            Route::Unknown => return (auth::no_such_page(self.api), None),
            Route::V2Token => return (state.accounts.refresh(&self.parts, parameters.form()), None),
            _ => {}
        }
        let wall = state.wall();
        let who = match self.shared.verify_auth {
            true => state.accounts.identify(self.api, &self.parts, &parameters.signed_form(), epoch(wall)).map(Some),
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

/// Seconds of the epoch.
pub(super) fn epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
