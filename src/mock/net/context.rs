//! One request on its way: what is known of it, and its entry in the request log.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};

use crate::client::model::{ApiVersion, CommandName, MediaId};
use crate::mock::api::request::{Encoding, Parameters, Route, command, upload_command};
use crate::mock::net::body::ResponseBody;
use crate::mock::net::ending::ConnectionHandle;
use crate::mock::request_log::{Details, Entry, LogIndex};
use crate::mock::script::Item;
use crate::mock::shared::{InFlightGuard, Shared};

/// The service ends the connection, as its [`ConnectionHandle`] says.
#[derive(Debug)]
pub(crate) struct ConnectionEnded;

impl std::fmt::Display for ConnectionEnded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection is ended by order")
    }
}

impl std::error::Error for ConnectionEnded {}

/// One request on its way.
pub(crate) struct RequestContext {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection: Arc<ConnectionHandle>,
    pub(crate) log_index: LogIndex,
    pub(crate) parts: Parts,
    pub(crate) route: Route,
    pub(crate) api: ApiVersion,
    pub(crate) command: Option<CommandName>,
    pub(crate) item: Option<Item>,
}

/// So much of a body is kept in the request log. Anybody can send a large one, with credentials or without.
const MAX_LOGGED_BYTES: usize = 64 << 10;

/// The fields of a form as they are logged: whole, as long as there is room.
fn logged(form: &[(String, String)]) -> Vec<(String, String)> {
    let mut room = MAX_LOGGED_BYTES;
    let fits = |(name, value): &&(String, String)| {
        let left = room.checked_sub(name.len() + value.len());
        room = left.unwrap_or(room);
        left.is_some()
    };
    form.iter().filter(fits).cloned().collect()
}

impl RequestContext {
    /// Finds out the command from the address, the query, or what has arrived of the body.
    pub(crate) fn identify_command(&mut self, body: &Bytes) {
        let declared = || {
            let parameters = Parameters::read(&self.parts, body);
            parameters.get("command").and_then(upload_command)
        };
        let known = self.route.command(&self.parts.method);
        self.command = known.or_else(|| self.route.has_command_parameter().then(declared).flatten());
        if self.command.is_some() {
            self.entry(|entry| entry.command = self.command);
        }
    }

    /// Logs why no scripted item fits this request, if some are left.
    pub(crate) fn log_near_misses(&self) {
        let misses = self.shared.state().script.near_misses(self.command);
        if !misses.is_empty() {
            self.entry(|entry| entry.near_misses = misses.into_boxed_slice());
        }
    }

    /// Logs the parameters of the body.
    pub(crate) fn log_parameters(&mut self, parameters: &Parameters) {
        self.command = self.command.or_else(|| command(&self.route, &self.parts.method, parameters));
        let asked = match &self.route {
            Route::V2Append(id) | Route::V2Finalize(id) => Some(id.as_str()),
            _ => parameters.get("media_id").or(parameters.get("id")),
        };
        let media_id = asked.and_then(MediaId::parse);
        let json = (parameters.encoding == Encoding::Json).then(|| parameters.json.as_ref().map(ToString::to_string));
        let json = json.flatten().filter(|json| json.len() <= MAX_LOGGED_BYTES);
        let details = Details { form: logged(parameters.form()), json };
        self.entry(|entry| {
            entry.command = self.command;
            entry.media_id = media_id;
            let empty = details.form.is_empty() && details.json.is_none();
            entry.details = (!empty).then(|| Box::new(details));
        });
    }

    /// The response with its whole body.
    pub(crate) fn whole(&self, response: Response<Bytes>, mut in_flight: InFlightGuard) -> Response<ResponseBody> {
        // Nobody takes the body of a response that is sent without one.
        let status = response.status();
        if self.parts.method == Method::HEAD || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            in_flight.finish();
        }
        response.map(|body| ResponseBody::whole(body, in_flight))
    }

    /// Changes this request's entry in the request log.
    pub(crate) fn entry(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.shared.state().request_log.entry(self.log_index) {
            change(entry);
        }
    }
}
