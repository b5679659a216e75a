//! One request from its first line to its answer: journal, body, orders of the test, the command itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;

use super::answers::{Answer, Refusal, rate_limited};
use super::body::{Outgoing, pace};
use super::connection::{Ending, Line};
use super::journal::{Details, Place};
use super::limits::Reading;
use super::requests::{Encoding, Parameters, Route, command, upload_command};
use super::script::{Fault, FaultKind, Item, Reply};
use super::server::Control;
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
struct Call {
    shared: Arc<Shared>,
    line: Arc<Line>,
    place: Place,
    parts: Parts,
    route: Route,
    api: ApiVersion,
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
    let mut underway = Underway { shared: Arc::clone(&shared), place, answered: false };
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
            Ok(answer.map(|body| Outgoing::whole(body, underway)))
        }
        Item::Reply(reply) => {
            if reply.apply {
                call.process(&parameters, too_large);
            }
            tokio::time::sleep(reply.delay).await;
            underway.answered = call.parts.method == Method::HEAD;
            Ok(call.written(reply).map(|body| Outgoing::whole(body, underway)))
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

    /// Changes this request's place in the journal.
    fn entry(&self, change: impl FnOnce(&mut super::journal::Entry)) {
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

    /// All media with their hashes, which are made without the lock.
    fn media_table(&self) -> String {
        let rows: Vec<_> = {
            let state = self.shared.state();
            let row = |upload: &super::media::Upload| {
                (upload.id, upload.contents(), upload.size(), upload.total, upload.state().to_owned())
            };
            state.uploads().map(row).collect()
        };
        let table: BTreeMap<String, serde_json::Value> = rows
            .into_iter()
            .map(|(id, contents, len, total, state)| {
                (id.to_string(), json!({"sha": contents.sha256(), "len": len, "total": total, "state": state}))
            })
            .collect();
        json!(table).to_string()
    }

    /// The answer with the headers that X sends (WIRE §5).
    fn dress(&self, answer: Answer, reading: Option<Reading>) -> Response<Bytes> {
        let mut response = Response::new(answer.body);
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Some(content_type) = answer.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(reading) = reading {
            headers.insert("x-rate-limit-limit", HeaderValue::from(reading.limit));
            headers.insert("x-rate-limit-remaining", HeaderValue::from(reading.remaining));
            headers.insert("x-rate-limit-reset", HeaderValue::from(reading.reset));
        }
        let number = self.shared.answers.fetch_add(1, Ordering::Relaxed) + 1;
        let name = match self.api {
            ApiVersion::V1_1 => "x-transaction",
            ApiVersion::V2 => "x-transaction-id",
        };
        insert(headers, HeaderName::from_static(name), &format!("{number:016x}"));
        headers.insert("x-response-time", HeaderValue::from(1));
        if let (ApiVersion::V1_1, Some(media_id)) = (self.api, answer.media_id) {
            headers.insert("x-mediaid", HeaderValue::from(media_id.get()));
        }
        self.date(headers);
        response
    }

    /// An answer that a test wrote, as it was written.
    fn written(&self, reply: Reply) -> Response<Bytes> {
        let mut response = Response::new(reply.body);
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        self.date(response.headers_mut());
        self.entry(|entry| entry.status = Some(reply.status.as_u16()));
        response
    }

    /// The server's own time, unless a test wrote another.
    fn date(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(DATE) {
            let wall = self.shared.state().wall();
            insert(headers, DATE, &httpdate::fmt_http_date(wall));
        }
    }

    /// Lets happen what a test ordered; `answer` is there if the command took effect.
    async fn break_off(
        self,
        fault: Fault,
        mut underway: Underway,
        answer: Option<Response<Bytes>>,
    ) -> Result<Response<Outgoing>, Broken> {
        let answer = answer.unwrap_or_default();
        let ending = match fault.kind {
            FaultKind::Hang { .. } => return std::future::pending().await,
            FaultKind::Delay(delay) => {
                tokio::time::sleep(delay).await;
                return Ok(answer.map(|body| Outgoing::whole(body, underway)));
            }
            FaultKind::Slow { bytes_per_second } => {
                return Ok(answer.map(|body| Outgoing::slow(body, bytes_per_second, underway)));
            }
            FaultKind::Endless => {
                let mut response = answer.map(|_| Outgoing::endless(underway));
                *response.status_mut() = StatusCode::OK;
                return Ok(response);
            }
            FaultKind::Reset { .. } => Ending::Reset,
            FaultKind::Close { .. } => Ending::Close,
            FaultKind::Refuse(time) => {
                // The receiver goes away only with the server itself.
                let _ = self.shared.control.send(Control::Down { until: Instant::now().checked_add(time), done: None });
                Ending::Reset
            }
            FaultKind::Garbage => Ending::Raw(b"\x00\xff\xfe\x16 this is no HTTP \r\n\r\n\x00".to_vec()),
            FaultKind::Cut { .. } if fault.in_body.is_some() => Ending::Close,
            FaultKind::Cut { at } => Ending::Raw(cut(&answer, at)),
        };
        underway.answered();
        self.entry(|entry| entry.status = None);
        self.line.end(ending);
        Err(Broken)
    }
}

/// The first bytes of an answer: its head and so much of its body, always less than all of it.
fn cut(answer: &Response<Bytes>, at: u64) -> Vec<u8> {
    let status = answer.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in answer.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let body = answer.body();
    match body.len().checked_sub(1) {
        // No body to cut: the head lacks its last line.
        None => {}
        Some(most) => {
            bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
            let sent = usize::try_from(at).unwrap_or(usize::MAX).min(most);
            bytes.extend_from_slice(body.get(..sent).unwrap_or_default());
        }
    }
    bytes
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Seconds of the epoch.
pub(super) fn epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
